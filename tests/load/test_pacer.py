import asyncio
import math
import sys
import time

import pytest

from surefoot.toolbox.load.pacer import Pacer
from surefoot.toolbox.load.timer import LoopTimer, TimerFd

TIMERS = [
    pytest.param(LoopTimer, id="loop"),
    pytest.param(
        TimerFd,
        id="timerfd",
        marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux has timerfd"),
    ),
]


@pytest.fixture(params=TIMERS)
def timer(request):
    return request.param


async def until(condition) -> None:
    for _ in range(4000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it did not happen")


def test_nothing_happens_before_it_is_due_and_arrivals_come_in_order(timer):
    seen, called = [], []

    async def main():
        start = time.monotonic() + 0.05
        dues = [start + n / 200 for n in range(40)]
        pacer = Pacer(iter(dues), lambda due: seen.append((due, time.monotonic())), timer)
        pacer.at(start + 0.1012, lambda due: called.append((due, time.monotonic())))
        pacer.start()
        await until(lambda: len(seen) == 40 and called)
        pacer.close()
        return dues

    assert asyncio.run(main()) == [due for due, _ in seen]
    assert all(now >= due for due, now in seen + called)


def test_what_is_past_due_happens_at_once(timer):
    seen = []

    async def main():
        now = time.monotonic()
        pacer = Pacer(iter([now - 2, now - 1, now]), seen.append, timer)
        pacer.start()
        await until(lambda: len(seen) == 3)
        pacer.close()

    asyncio.run(main())
    assert seen == sorted(seen)


def test_a_call_that_comes_first_is_not_kept_waiting_by_a_later_arrival(timer):
    seen = []

    async def main():
        start = time.monotonic()
        pacer = Pacer(iter([start + 3600]), seen.append, timer)
        pacer.start()
        pacer.at(start + 0.02, seen.append)
        await until(lambda: seen)
        pacer.close()
        return start + 0.02

    assert [asyncio.run(main())] == seen


def test_after_clearing_nothing_more_happens(timer):
    seen = []

    async def main():
        start = time.monotonic()
        pacer = Pacer((start + n / 1000 for n in range(10_000)), seen.append, timer)
        pacer.at(start + 0.05, seen.append)
        pacer.start()
        await until(lambda: seen)
        pacer.clear()
        count = len(seen)
        await asyncio.sleep(0.1)
        pacer.close()
        return count

    assert asyncio.run(main()) == len(seen)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has timerfd")
def test_the_exact_timer_is_the_one_used():
    async def main():
        pacer = Pacer(iter([math.inf]), lambda _: None)
        pacer.close()
        return pacer.precision

    assert asyncio.run(main()).startswith("timerfd")
