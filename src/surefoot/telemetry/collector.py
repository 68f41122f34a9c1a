"""Garbage collection: how often and how long, and in which request when it was long."""

from __future__ import annotations

import gc
import time
from typing import Any, Final

from surefoot.telemetry.pulse import Pulse
from surefoot.telemetry.request import current

__all__ = ["CollectorWatch"]

_LONG_NS: Final = 100_000
"""Collections of the young generation end within microseconds and happen in most requests; a
spend for each would cost more than it tells."""


class CollectorWatch:
    """Listens to the interpreter's collector."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._since_ns = 0

    def install(self) -> None:
        """Begin to listen."""
        if self._seen not in gc.callbacks:
            gc.callbacks.append(self._seen)

    def remove(self) -> None:
        """Listen no longer."""
        if self._seen in gc.callbacks:
            gc.callbacks.remove(self._seen)

    def _seen(self, phase: str, _: dict[str, Any]) -> None:
        # A thread that has collected may have to let others run before it comes here.
        now = time.thread_time_ns()
        if phase == "start":
            self._since_ns = now
            return
        took = now - self._since_ns
        self._pulse.gc_ns += took
        self._pulse.gc_count += 1
        if took >= _LONG_NS:
            request = current()
            if request is not None:
                request.add("app.cpu", "(garbage collection)", "", use_ns=took, cpu_ns=took)
