"""All checks of a process at once, seldom enough."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from surefoot.core.health import Outcome
from surefoot.health.calls import Call, Clock
from surefoot.health.checks import Check
from surefoot.health.loops import serving

if TYPE_CHECKING:
    import asyncio

__all__ = ["Board"]

_FRESH: Final = 1.0
"""Seconds for which the outcomes of a round are told again."""


@dataclass(frozen=True, slots=True)
class _Round:
    began: float
    calls: tuple[Call, ...]

    def left(self, now: float) -> float:
        """Seconds until all that have not ended have failed; 0 where nothing is waited for."""
        open_calls = (call.deadline - now for call in self.calls if not call.ended.done())
        return max(0.0, max(open_calls, default=0.0))

    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(call.outcome() for call in self.calls)


class Board:
    """Calls the checks, all of them at once, and tells everybody who asks meanwhile the same.

    A round's outcomes are told for a second after it began, or for as long as it takes. A check
    that has not returned since an earlier round has failed, and is not called again before.

    Args:
        checks: What is to be called; asked at the beginning of each round.
        clock: Tells the time.
    """

    def __init__(
        self, checks: Callable[[], Iterable[Check]], clock: Clock = time.monotonic
    ) -> None:
        self._checks = checks
        self._clock = clock
        self._lock = threading.Lock()
        self._round: _Round | None = None
        self._latest: dict[Check, Call] = {}

    def look(self) -> tuple[Outcome, ...]:
        """How everything is; waits for the slowest check, or its time."""
        current = self._current(None)
        left = current.left(self._clock())
        if left:
            wait([call.ended for call in current.calls], left)
        return current.outcomes()

    async def look_async(self) -> tuple[Outcome, ...]:
        """The same in an event loop, which goes on meanwhile."""
        # Late, and at hand: a loop runs.
        import asyncio  # noqa: PLC0415

        loop = asyncio.get_running_loop()
        serving(loop)
        current = self._current(loop)
        left = current.left(self._clock())
        if left:
            open_calls = [call.ended for call in current.calls if not call.ended.done()]
            await asyncio.wait([asyncio.wrap_future(each) for each in open_calls], timeout=left)
        return current.outcomes()

    def _current(self, loop: asyncio.AbstractEventLoop | None) -> _Round:
        with self._lock:
            now, latest = self._clock(), self._round
            if latest is None or (now - latest.began >= _FRESH and not latest.left(now)):
                latest = self._round = self._begin(now, loop)
            return latest

    def _begin(self, now: float, loop: asyncio.AbstractEventLoop | None) -> _Round:
        calls: dict[Check, Call] = {}
        for check in self._checks():
            before = self._latest.get(check)
            hangs = before is not None and not before.ended.done()
            calls[check] = before if before and hangs else Call(check, self._clock, loop)
        self._latest = calls
        return _Round(now, tuple(calls.values()))
