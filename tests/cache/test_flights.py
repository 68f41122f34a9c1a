"""One call for many callers, in threads and in tasks."""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from surefoot.cache.flights import AsyncFlights, Flights


class Counted:
    """A call that lasts until it is let go, and knows how often it was made."""

    def __init__(self, error=None):
        self.calls = 0
        self.error = error
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def __call__(self):
        self.calls += 1
        self.begun.set()
        assert self.let_go.wait(20)
        if self.error is not None:
            raise self.error
        return object()


def together(flights, call, count=20):
    """What each of so many threads gets: all of them ask before the first call ends."""
    waiting = threading.Barrier(count + 1)

    def ask():
        waiting.wait(20)
        try:
            return flights.do("k", call).result
        except ValueError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(ask) for _ in range(count)]
        waiting.wait(20)
        assert call.begun.wait(20)
        landed = flights._under_way["k"].landed
        while len(landed._cond._waiters) < count - 1:  # all the others stand in line
            time.sleep(0.001)
        call.let_go.set()
        return [each.result(20) for each in asked]


def test_threads_that_ask_meanwhile_get_one_answer():
    flights, call = Flights(), Counted()
    assert len(set(map(id, together(flights, call)))) == 1
    assert call.calls == 1
    assert flights._under_way == {}


def test_an_error_reaches_all_who_wait():
    flights, call = Flights(), Counted(ValueError("no"))
    found = together(flights, call)
    assert all(isinstance(each, ValueError) for each in found)
    assert call.calls == 1


def test_who_is_ended_takes_nobody_along():
    flights = Flights()
    begun, go = threading.Event(), threading.Event()

    def ended():
        begun.set()
        go.wait(20)
        raise SystemExit

    def lead():
        with pytest.raises(SystemExit):
            flights.do("k", ended)

    leader = threading.Thread(target=lead)
    leader.start()
    begun.wait(20)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(flights.do, "k", lambda: 7)
        go.set()
        assert waiting.result(20) == (7, True)
    leader.join()


def test_a_call_may_ask_for_its_own_key():
    flights = Flights()
    assert flights.do("k", lambda: flights.do("k", lambda: 3).result + 1) == (4, True)


def test_who_does_not_want_to_wait_is_told_so():
    flights, call = Flights(), Counted()
    leader = threading.Thread(target=flights.do, args=("k", call))
    leader.start()
    call.begun.wait(20)
    assert flights.do("k", call, wait=False) is None
    assert flights.do("other", lambda: 3, wait=False) == (3, True)
    call.let_go.set()
    leader.join()
    assert call.calls == 1


def test_a_fork_waits_for_nobody_it_does_not_have():
    flights, call = Flights(), Counted()
    leader = threading.Thread(target=flights.do, args=("k", call))
    leader.start()
    call.begun.wait(20)
    pid = os.fork()
    if pid == 0:
        os._exit(flights.do("k", lambda: 11).result)
    _, status = os.waitpid(pid, 0)
    call.let_go.set()
    leader.join()
    assert os.waitstatus_to_exitcode(status) == 11


def test_tasks_that_ask_meanwhile_get_one_answer():
    calls = []

    async def main():
        flights, go = AsyncFlights(), asyncio.Event()

        async def call():
            calls.append(1)
            await go.wait()
            return object()

        asked = [asyncio.create_task(flights.do("k", call)) for _ in range(50)]
        await asyncio.sleep(0)
        go.set()
        found = await asyncio.gather(*asked)
        assert len({id(each.result) for each in found}) == 1
        assert [each.led for each in found] == [True] + 49 * [False]
        assert flights._under_way == {}

    asyncio.run(main())
    assert calls == [1]


def test_a_task_that_goes_away_takes_nobody_s_answer_along():
    async def main():
        flights, go = AsyncFlights(), asyncio.Event()

        async def call():
            await go.wait()
            return 5

        first = asyncio.create_task(flights.do("k", call))
        await asyncio.sleep(0)
        second = asyncio.create_task(flights.do("k", call))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go.set()
        assert await second == (5, False)

    asyncio.run(main())


def test_a_task_s_error_reaches_all_and_is_not_complained_about_when_nobody_is_left():
    async def main():
        flights = AsyncFlights()

        async def call():
            await asyncio.sleep(0)
            raise ValueError("no")

        found = await asyncio.gather(
            *(flights.do("k", call) for _ in range(5)), return_exceptions=True
        )
        assert all(isinstance(each, ValueError) for each in found)
        alone = asyncio.create_task(flights.do("k", call))
        await asyncio.sleep(0)
        alone.cancel()
        await asyncio.sleep(0.01)

    asyncio.run(main())


def test_a_task_may_ask_for_its_own_key():
    async def main():
        flights = AsyncFlights()

        async def inner():
            return 3

        async def call():
            return (await flights.do("k", inner)).result + 1

        assert await flights.do("k", call) == (4, True)

    asyncio.run(main())


def test_a_task_that_does_not_want_to_wait_is_told_so():
    async def main():
        flights, go = AsyncFlights(), asyncio.Event()

        async def call():
            await go.wait()
            return 5

        first = asyncio.create_task(flights.do("k", call, wait=False))
        await asyncio.sleep(0)
        assert await flights.do("k", call, wait=False) is None
        go.set()
        assert await first == (5, True)

    asyncio.run(main())


def test_each_loop_has_its_own():
    flights = AsyncFlights()

    async def call():
        return 1

    for _ in range(2):
        assert asyncio.run(flights.do("k", call)) == (1, True)
