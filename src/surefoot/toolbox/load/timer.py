"""Being woken at an instant: timerfd where there is one, the event loop's own timer elsewhere.

Timers of uvloop have ticks of 1 ms and may fire early; a timerfd wakes the loop within tens of
microseconds.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

__all__ = ["LoopTimer", "Timer", "TimerFd", "TimerMaker", "make_timer"]

_CLOCK_MONOTONIC: Final = 1
_TFD_NONBLOCK: Final = os.O_NONBLOCK
_TFD_CLOEXEC: Final = getattr(os, "O_CLOEXEC", 0)
_TFD_TIMER_ABSTIME: Final = 1


class Timer(Protocol):
    """Calls back once at the instant it was last armed for."""

    precision: str
    """How exactly, for a report."""

    def arm(self, instant: float) -> None:
        """Call back at ``instant`` (seconds of ``time.monotonic``), at once if it has passed."""

    def disarm(self) -> None:
        """Do not call back."""

    def close(self) -> None:
        """Give back what it holds."""


TimerMaker = Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Timer]


class _Itimerspec(ctypes.Structure):
    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class TimerFd:
    """A Linux timerfd, watched by the loop.

    It is never read: arming it anew takes back that it has expired, and it is armed or disarmed
    at the end of every call.
    """

    precision = "timerfd, about 0.05 ms"

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._settime: Any = libc.timerfd_settime
        self._fd = libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK | _TFD_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._spec = _Itimerspec()
        self._pointer = ctypes.byref(self._spec)
        self._loop = loop
        loop.add_reader(self._fd, call)

    def arm(self, instant: float) -> None:
        """Call back at ``instant``."""
        seconds = int(instant)
        self._spec.value_s = seconds
        self._spec.value_ns = max(1, int((instant - seconds) * 1e9))
        self._settime(self._fd, _TFD_TIMER_ABSTIME, self._pointer, None)

    def disarm(self) -> None:
        """Do not call back."""
        self._spec.value_s = self._spec.value_ns = 0
        self._settime(self._fd, 0, self._pointer, None)

    def close(self) -> None:
        """Stop watching and close it."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


class LoopTimer:
    """The event loop's own timer."""

    precision = "the event loop's timer, about 1 ms"

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
        self._loop = loop
        self._call = call
        self._offset = loop.time() - time.monotonic()
        self._handle: asyncio.TimerHandle | None = None

    def arm(self, instant: float) -> None:
        """Call back at ``instant``."""
        self.disarm()
        self._handle = self._loop.call_at(instant + self._offset, self._call)

    def disarm(self) -> None:
        """Do not call back."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def close(self) -> None:
        """Do not call back."""
        self.disarm()


def make_timer(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> Timer:
    """The most exact timer there is on this system."""
    return TimerFd(loop, call) if sys.platform == "linux" else LoopTimer(loop, call)
