"""How late an event loop runs what is due: a timer that fires 20 times a second."""

from __future__ import annotations

import contextvars
import threading
import time
from typing import TYPE_CHECKING, Final

from surefoot.telemetry.pulse import Pulse

if TYPE_CHECKING:
    import asyncio

__all__ = ["Heartbeat"]

_EVERY: Final = 0.05


class Heartbeat:
    """Lives in one loop for as long as that loop runs.

    Attributes:
        thread: The loop's thread.
        due_ns: When the next beat should come.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, pulse: Pulse) -> None:
        self.thread = threading.get_ident()
        self.due_ns = 0
        self._loop = loop
        self._pulse = pulse
        self._context = contextvars.Context()
        self._handle: asyncio.TimerHandle | None = None
        self._next()

    def stop(self) -> None:
        """Beat no longer; called in the loop's thread or after its end."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def late_ns(self, now_ns: int) -> int:
        """How long the beat has been overdue."""
        return max(0, now_ns - self.due_ns)

    def _next(self) -> None:
        self.due_ns = time.perf_counter_ns() + int(_EVERY * 1e9)
        self._handle = self._loop.call_later(_EVERY, self._beat, context=self._context)

    def _beat(self) -> None:
        self._pulse.beat(self.late_ns(time.perf_counter_ns()))
        self._next()
