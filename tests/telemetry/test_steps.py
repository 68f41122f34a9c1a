"""Requests of an event loop: each step's CPU goes to the request it was made for."""

from __future__ import annotations

import asyncio
import contextvars
import time
from pathlib import Path

import anyio
import pytest

from surefoot.telemetry import Options, Recorder
from surefoot.telemetry.steps import Steps, follow_tasks


@pytest.fixture
def recorder(receiver):
    made = Recorder(Options(records=receiver.path, sample_hz=0, code=(str(Path(__file__).parent),)))
    yield made
    made.close()


def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def serve(recorder, work, route="/x"):
    follow_tasks(asyncio.get_running_loop(), recorder)
    request = recorder.begin_task("GET")
    try:
        return await recorder.drive(work, request)
    finally:
        request.route, request.status = route, 200
        recorder.finish(request)


def run(recorder, receiver, *works):
    async def all_of_them():
        tasks = [
            asyncio.create_task(serve(recorder, work, f"/{index}"))
            for index, work in enumerate(works)
        ]
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(all_of_them())
    return results, sorted(receiver.wait_for_records(len(works)), key=lambda r: r.route)


def test_cpu_of_interleaved_requests_is_told_apart(recorder, receiver):
    async def work(seconds, steps):
        for _ in range(steps):
            burn(seconds / steps)
            await asyncio.sleep(0)

    _, (small, large) = run(recorder, receiver, work(0.02, 10), work(0.06, 10))
    assert 20e6 <= small.cpu_ns < 30e6
    assert 60e6 <= large.cpu_ns < 70e6
    assert small.loop_ns >= small.cpu_ns * 0.9
    assert small.wall_ns > small.loop_ns


@pytest.mark.parametrize("how", ["gather", "task-group", "anyio"])
def test_children_count_for_the_request_that_made_them(recorder, receiver, how):
    async def child():
        await asyncio.sleep(0.01)
        burn(0.015)

    async def work():
        if how == "gather":
            await asyncio.gather(child(), child())
        elif how == "task-group":
            async with asyncio.TaskGroup() as group:
                group.create_task(child())
                group.create_task(child())
        else:
            async with anyio.create_task_group() as group:
                group.start_soon(child)
                group.start_soon(child)

    results, (record,) = run(recorder, receiver, work())
    assert results == [None]
    assert 30e6 <= record.cpu_ns < 40e6


def test_results_and_errors_pass_through(recorder, receiver):
    async def good():
        return await asyncio.create_task(asyncio.sleep(0, "done"))

    async def bad():
        await asyncio.sleep(0)
        raise KeyError("x")

    results, _ = run(recorder, receiver, good(), bad())
    assert results[0] == "done"
    assert isinstance(results[1], KeyError)


def test_cancelling_reaches_the_innermost_coroutine(recorder, receiver):
    seen = []

    async def work():
        async def child():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise

        task = asyncio.create_task(child())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        except TimeoutError:
            seen.append("timed out")

    results, _ = run(recorder, receiver, work())
    assert results == [None]
    assert seen == ["cancelled", "timed out"]


def test_context_variables_are_the_applications(recorder, receiver):
    variable = contextvars.ContextVar("variable", default="outer")

    async def work():
        variable.set("inner")
        return await asyncio.create_task(child())

    async def child():
        return variable.get()

    results, _ = run(recorder, receiver, work())
    assert results == ["inner"]
    assert variable.get() == "outer"


def test_a_task_shows_the_coroutine_it_runs(recorder, receiver):
    async def named():
        await asyncio.sleep(0.01)

    async def work():
        task = asyncio.create_task(named())
        await asyncio.sleep(0)
        shown = task.get_coro().__qualname__, "named" in repr(task)
        await task
        return shown

    results, _ = run(recorder, receiver, work())
    assert results[0][0].endswith("named")
    assert results[0][1]


def test_a_task_factory_of_the_application_stays_in_use(recorder, receiver):
    made = []

    async def main():
        def factory(loop, coroutine, **kwargs):
            made.append(coroutine)
            return asyncio.Task(coroutine, loop=loop, **kwargs)

        asyncio.get_running_loop().set_task_factory(factory)

        async def work():
            await asyncio.create_task(asyncio.sleep(0))

        await serve(recorder, work())

    asyncio.run(main())
    assert len([coroutine for coroutine in made if isinstance(coroutine, Steps)]) == 1


def test_work_that_outlives_the_request_changes_it_no_more(recorder, receiver):
    left = []

    async def work():
        async def afterwards():
            await asyncio.sleep(0.02)
            burn(0.02)

        left.append(asyncio.create_task(afterwards()))

    async def main():
        await serve(recorder, work())
        await left[0]

    asyncio.run(main())
    (record,) = receiver.wait_for_records(1)
    assert record.cpu_ns < 15e6


def test_a_step_that_blocks_the_loop_is_named(receiver):
    recorder = Recorder(Options(records=receiver.path, code=(str(Path(__file__).parent),)))

    async def work():
        time.sleep(0.12)  # noqa: ASYNC251 - the fault that is to be found

    run(recorder, receiver, work())
    recorder.close()
    receiver.drain()
    (blocked,) = receiver.stats[-1].blocked
    assert blocked.site.startswith("test_steps.py:")
    assert blocked.count == 1
    assert blocked.max_ns >= 0.12e9


def test_a_blocking_task_that_is_no_request_is_named_too(receiver):
    recorder = Recorder(Options(records=receiver.path, code=(str(Path(__file__).parent),)))

    async def main():
        recorder.heed(asyncio.get_running_loop())
        recorder.finish(recorder.begin_task("GET"))
        await asyncio.sleep(0.1)
        time.sleep(0.3)  # noqa: ASYNC251 - the fault that is to be found
        await asyncio.sleep(0.2)

    asyncio.run(main())
    recorder.close()
    receiver.drain()
    assert receiver.stats[-1].loop_lag_max_ns >= 0.2e9
    (blocked,) = receiver.stats[-1].blocked
    assert blocked.site.startswith("test_steps.py:")
