"""Does things at the instants they are due, and no thing before."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable, Iterator

from surefoot.toolbox.load.timer import TimerMaker, make_timer

__all__ = ["Pacer"]


class Pacer:
    """A stream of arrivals and single calls in between, on one timer.

    Args:
        arrivals: Instants (seconds of ``time.monotonic``), ascending.
        arrive: Called with each instant once it has come.
        timer: What wakes it.
    """

    def __init__(
        self,
        arrivals: Iterator[float],
        arrive: Callable[[float], None],
        timer: TimerMaker = make_timer,
    ) -> None:
        self._arrivals = arrivals
        self._arrive = arrive
        self._calls: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self._next = math.inf
        self._timer = timer(asyncio.get_running_loop(), self._tick)
        self.precision = self._timer.precision

    def start(self) -> None:
        """Begin."""
        self._next = next(self._arrivals, math.inf)
        self._arm()

    def at(self, instant: float, call: Callable[[float], None]) -> None:
        """Call ``call(instant)`` at ``instant``."""
        heapq.heappush(self._calls, (instant, next(self._order), call))
        if self._calls[0][0] == instant and instant < self._next:
            self._timer.arm(instant)

    def clear(self) -> None:
        """Forget everything that is still to come."""
        self._next = math.inf
        self._calls.clear()
        self._timer.disarm()

    def close(self) -> None:
        """Forget everything, and give the timer back."""
        self.clear()
        self._timer.close()

    def _tick(self) -> None:
        # What falls due while this runs waits for the next turn, so that answers are read between.
        now = time.monotonic()
        while self._next <= now:
            due = self._next
            self._next = next(self._arrivals, math.inf)
            self._arrive(due)
        while self._calls and self._calls[0][0] <= now:
            instant, _, call = heapq.heappop(self._calls)
            call(instant)
        self._arm()

    def _arm(self) -> None:
        soonest = min(self._next, self._calls[0][0]) if self._calls else self._next
        if soonest == math.inf:
            self._timer.disarm()
        else:
            self._timer.arm(soonest)
