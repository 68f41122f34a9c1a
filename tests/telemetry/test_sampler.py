"""The sampler names the line, and tells running from waiting from waiting for a lock."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from surefoot.telemetry import Options, Recorder
from surefoot.telemetry.steps import follow_tasks
from surefoot.telemetry.threadstate import ThreadStates

HERE = str(Path(__file__).parent)


@pytest.fixture
def recorder(receiver):
    made = Recorder(Options(records=receiver.path, sample_hz=100, code=(HERE,)))
    yield made
    made.close()


def serve(recorder, work, route):
    request = recorder.begin("GET")
    recorder.work(request)
    work()
    request.route, request.status = route, 200
    recorder.rest(request)
    recorder.finish(request)


def seen(recorder, receiver, route):
    recorder.close()
    receiver.drain()
    counts = Counter()
    for stack in receiver.stacks:
        if stack.route == f"GET {route}":
            counts[stack.state, stack.site] += stack.count
    return counts


def line_of(text):
    lines = Path(__file__).read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.endswith(f"# {text}"))
    return f"test_sampler.py:{number}"


def test_a_wait_for_a_lock_is_named_with_its_line(recorder, receiver):
    lock = threading.Lock()

    def work():
        for _ in range(6):
            with lock:  # the lock
                time.sleep(0.05)  # the wait inside

    with ThreadPoolExecutor(2) as threads:
        for _ in range(2):
            threads.submit(serve, recorder, work, "/locked")
    counts = seen(recorder, receiver, "/locked")
    (first, _), (second, _) = counts.most_common(2)
    assert {first, second} == {
        ("lock", line_of("the lock")),
        ("wait", line_of("the wait inside")),
    }


def enter(lock):
    with lock:
        pass


def take(waiting):
    with contextlib.suppress(queue.Empty):
        waiting.get(timeout=1)


def held():
    lock = threading.Lock()
    lock.acquire()
    threading.Timer(1, lock.release).start()
    return lock


@pytest.mark.parametrize(
    ("wait", "state"),
    [
        (lambda: enter(held()), "lock"),
        (lambda: held().acquire(), "lock"),
        (lambda: threading.Semaphore(0).acquire(timeout=1), "lock"),
        (lambda: threading.Event().wait(1), "wait"),
        (lambda: take(queue.Queue()), "wait"),
        (lambda: take(queue.SimpleQueue()), "wait"),
        (lambda: time.sleep(1), "wait"),
    ],
)
def test_a_lock_is_told_from_what_is_built_on_locks(wait, state):
    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    states = ThreadStates()
    frame = sys._current_frames()[thread.ident]
    assert states.state(thread.ident, frame) == state
    states.close()
    thread.join()


def test_waiting_for_the_interpreter_is_not_waiting_for_a_lock(recorder, receiver):
    def work():
        end = time.thread_time() + 0.3
        while time.thread_time() < end:
            sum(range(50))

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(serve, recorder, work, "/busy")
    counts = Counter()
    for (state, _), count in seen(recorder, receiver, "/busy").items():
        counts[state] += count
    assert counts["cpu"] > 20
    assert counts["lock"] <= counts["cpu"] * 0.05


def test_computing_between_short_statements_is_not_taken_for_the_driver(receiver):
    program = f"""
import sys, threading, time
from surefoot import telemetry

options = telemetry.Options(records={receiver.path!r}, sample_hz=100, code=({HERE!r},))
recorder = telemetry.install(options)
import sqlite3

def serve():
    connection = sqlite3.connect(":memory:")
    request = recorder.begin("GET")
    recorder.work(request)
    end = time.thread_time() + 0.4
    while time.thread_time() < end:
        sum(range(5000))
        connection.execute("select 1").fetchone()
    request.route, request.status = "/mixed", 200
    recorder.rest(request)
    recorder.finish(request)
    connection.close()

threads = [threading.Thread(target=serve) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
recorder.close()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    receiver.drain()
    counts = Counter()
    for stack in receiver.stacks:
        if stack.route == "GET /mixed":
            counts[stack.state] += stack.count
    assert counts["cpu"] > counts["driver"] + counts["lock"] + counts["wait"]


def test_a_coroutine_that_waits_is_seen_though_no_thread_runs_it(recorder, receiver):
    async def inner():
        await asyncio.sleep(0.3)  # the await

    async def main():
        follow_tasks(asyncio.get_running_loop(), recorder)
        request = recorder.begin_task("GET")
        await recorder.drive(inner(), request)
        request.route, request.status = "/sleeping", 200
        recorder.finish(request)

    asyncio.run(main())
    counts = seen(recorder, receiver, "/sleeping")
    assert counts["wait", line_of("the await")] >= 10
    assert sum(counts.values()) == counts["wait", line_of("the await")]


def test_stacks_begin_where_the_request_enters_and_end_at_the_innermost(recorder, receiver):
    def inner():
        time.sleep(0.2)

    def work():
        inner()

    serve(recorder, work, "/stack")
    recorder.close()
    receiver.drain()
    frames = max((s for s in receiver.stacks if s.route), key=lambda s: s.count).frames
    assert [frame.rpartition(":")[2] for frame in frames][-2:] == ["work", "inner"]


def test_one_tick_stands_for_the_time_between_two(recorder, receiver):
    serve(recorder, lambda: time.sleep(0.4), "/known")
    counts = seen(recorder, receiver, "/known")
    stats = receiver.stats[-1]
    seconds = sum(counts.values()) * stats.sampled_ns / stats.ticks / 1e9
    assert 0.3 <= seconds <= 0.5
    # What it costs to look is told, and is less than there was time for.
    assert 0 < stats.own_ns < stats.seconds * 1e9


def test_a_thread_of_the_kernel_that_is_gone_is_no_fault():
    states = ThreadStates()
    thread = threading.Thread(target=time.sleep, args=(0.4,))
    thread.start()
    time.sleep(0.1)
    frame = sys._current_frames()[thread.ident]
    assert states.state(thread.ident, frame) == "wait"
    states.keep(set())
    assert states._files == {}
    thread.join()
    states.close()


def test_without_the_kernels_word_the_clock_decides():
    states = ThreadStates()
    states._kernel = False
    lock = threading.Lock()
    lock.acquire()
    done = threading.Event()

    def locked():
        with lock:
            pass

    def busy():
        while not done.is_set():
            pass

    threads = {name: threading.Thread(target=name) for name in (locked, busy)}
    for thread in threads.values():
        thread.start()
    found = {}
    for _ in range(2):
        time.sleep(0.1)
        frames = sys._current_frames()
        for name, thread in threads.items():
            found[name] = states.state(thread.ident, frames[thread.ident])
    lock.release()
    done.set()
    for thread in threads.values():
        thread.join()
    assert found == {locked: "lock", busy: "cpu"}
