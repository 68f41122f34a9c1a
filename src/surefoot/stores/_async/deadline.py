"""A bound on waiting that does not take a late loop for a late answer."""

from __future__ import annotations

import asyncio
from typing import Final

__all__ = ["Deadline"]

# A timer that rings later than this was held up by the loop, not by who is waited for.
_LATE_SECONDS: Final = 0.005
_GRACE_SECONDS: Final = 0.005


class Deadline:
    """Cancels the current task after some seconds, as ``asyncio.timeout`` does.

    But while the loop was busy with something else an answer may have come that nobody has read
    yet. An alarm that rings late therefore lets the loop go round once more before it counts: else
    every stall of the application would look like a dead server.

    Args:
        seconds: How long from now.
    """

    __slots__ = ("_cancelling", "_due", "_handle", "_loop", "_passed", "_task")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "a deadline is for a task"
        self._task = task
        self._cancelling = task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + seconds
        self._passed = False
        self._handle = self._loop.call_at(self._due, self._ring)

    def cancel(self) -> None:
        """Bound nothing any more."""
        self._handle.cancel()

    def is_why(self) -> bool:
        """Whether it was this deadline that cancelled; asked once, where the task caught that."""
        return self._passed and self._task.uncancel() <= self._cancelling

    def _ring(self) -> None:
        if self._loop.time() - self._due > _LATE_SECONDS:
            self._due = float("inf")
            self._handle = self._loop.call_later(_GRACE_SECONDS, self._ring)
            return
        self._passed = True
        self._task.cancel()
