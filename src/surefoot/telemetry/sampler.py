"""Looks at what every request of this worker is doing, some 40 times a second.

Threads are seen through ``sys._current_frames``; requests of an event loop that run on no thread at
the moment through their coroutines, down to the one that is being waited for. A route is known only
when its request has ended, so samples wait for that.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from surefoot.core.records import StackSample
from surefoot.telemetry.request import OTHER, Request
from surefoot.telemetry.steps import BLOCKED_NS
from surefoot.telemetry.threadstate import ThreadStates

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

__all__ = ["Sampler"]

_MAX_FRAMES: Final = 80
_SHARP_SECONDS: Final = 0.00005
"""Shorter than the Python between two statements: a thread that gives the interpreter up for each
wakes this one too early, which then waits anew and comes to see what follows the loop instead."""
_MAX_STACKS: Final = 500
_MAX_PENDING: Final = 2000
_MAX_COROUTINES: Final = 48
"""Suspended requests looked at in one tick; of more, a random part stands for all."""
_ENTRIES: Final = frozenset({"__call__", "__next__"})
"""Our functions through which a request enters the application or is handed to a thread."""

Seen = tuple[str, tuple[str, ...], str, int]
"""State, frames, site, count."""


class Sampler:
    """The state of sampling in one process; used by one thread only."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._states = ThreadStates()
        self._pending: list[tuple[Request, Seen]] = []
        self._counts: dict[tuple[str, str, tuple[str, ...], str], int] = {}
        self._before_ns = 0
        self._overdue: dict[int, tuple[int, str]] = {}
        self._usual = 0.0
        """The application's own switch interval while ours is in force."""

    def close(self) -> None:
        """Give back what was opened."""
        self._states.close()
        self._sharpen(busy=2)

    def _sharpen(self, busy: int) -> None:
        """See the line that computes and not the next one that waits, where that costs nothing.

        A thread that computes gives the interpreter up a switch interval after this one asks, or
        at the next call that waits: a page that opens a file after 5 ms of work would be seen
        opening it in every sample of those 5 ms. While one thread at most is at work nobody but
        this one asks, so that a short interval changes nothing for the application.
        """
        usual = sys.getswitchinterval()
        if self._usual and usual != _SHARP_SECONDS:
            self._usual = 0.0  # the application has set its own meanwhile
        if busy <= 1 and not self._usual and usual > _SHARP_SECONDS:
            self._usual = usual
            sys.setswitchinterval(_SHARP_SECONDS)
        elif busy > 1 and self._usual:
            sys.setswitchinterval(self._usual)
            self._usual = 0.0

    def tick(self, due_ns: int) -> None:
        """One look at everything.

        Args:
            due_ns: The moment that is looked at. This thread was to run then; what has happened
                since happened while it waited for the interpreter.
        """
        pulse = self._recorder.pulse
        now = time.perf_counter_ns()
        if self._before_ns:
            pulse.ticks += 1
            pulse.sampled_ns += now - self._before_ns
        self._before_ns = now
        frames = sys._current_frames()  # noqa: SLF001 - the documented way to other threads' frames
        frames.pop(threading.get_ident(), None)
        active = self._recorder.active.copy()
        if self._recorder.options.every:
            self._sharpen(max(len(active), len(self._recorder.open)))
        self._states.keep(set(frames))
        for thread, frame in frames.items():
            self._look(thread, frame, active.get(thread), due_ns)
        self._look_at_suspended({id(request) for request in active.values()})
        self._look_at_loops(now, frames, active)

    def take(self) -> list[StackSample]:
        """What was seen of requests that have ended, and of threads that served none."""
        still: list[tuple[Request, Seen]] = []
        for entry in self._pending:
            request, seen = entry
            if request.done:
                self._count(f"{request.method} {request.route}", seen)
            else:
                still.append(entry)
        self._pending = still[-_MAX_PENDING:]
        counts, self._counts = self._counts, {}
        return [StackSample(0, *key, count) for key, count in counts.items()]

    def _look(self, thread: int, frame: FrameType, request: Request | None, due_ns: int) -> None:
        if request is None or request.done:
            if self._states.state(thread, frame) == "cpu":
                self._count("", ("cpu", self._stack(frame), "", 1))
            return
        since = self._driver_since(frame, request)
        if since is None:
            state = self._states.state(thread, frame)
        elif since > due_ns or self._states.ready(thread):
            # It was computing when it should have been looked at, and let this thread run only
            # when it next called a driver; or the driver is done and it wants to go on computing.
            state = "cpu"
        else:
            state = "driver"
        site = self._recorder.sites.of(frame)
        if not site and request.sites:
            site = request.sites.get(thread, "")
        if request.step_ns:
            request.step_site = site
        self._pending.append((request, (state, self._stack(frame), site, 1)))

    def _driver_since(self, frame: FrameType, request: Request) -> int | None:
        """Since when a thread has been inside a measured call; ``None`` if it is in none."""
        if request.busy:
            return request.busy_ns
        if self._recorder.sites.ours(frame.f_code.co_filename):
            # A hook's own function is the innermost one while a driver written in C is at work.
            begun: int | None = frame.f_locals.get("start")
            return begun
        return None

    def _look_at_suspended(self, running: set[int]) -> None:
        waiting = [
            request
            for request in list(self._recorder.open)
            if not request.step_ns and not request.done and id(request) not in running
        ]
        weight = 1
        if len(waiting) > _MAX_COROUTINES:
            weight = round(len(waiting) / _MAX_COROUTINES)
            waiting = random.sample(waiting, _MAX_COROUTINES)
        for request in waiting:
            chain = _awaiting(request)
            if chain:
                state = "driver" if request.awaiting else "wait"
                seen = (state, self._names(chain), self._innermost(chain), weight)
                self._pending.append((request, seen))

    def _look_at_loops(
        self, now: int, frames: dict[int, FrameType], active: dict[int, Request]
    ) -> None:
        """Name what keeps a loop from beating when it is no request: a task of its own."""
        for beat in list(self._recorder.heartbeats):
            late = beat.late_ns(now)
            seen = self._overdue.pop(beat.thread, None)
            if late > BLOCKED_NS and beat.thread in frames and beat.thread not in active:
                site = self._recorder.sites.of(frames[beat.thread])
                self._overdue[beat.thread] = (late, site or (seen[1] if seen else ""))
            elif seen is not None and seen[1]:
                self._recorder.pulse.blocked(seen[1], seen[0])

    def _stack(self, frame: FrameType | None) -> tuple[str, ...]:
        """Outermost first, from where the request entered the application."""
        names: list[str] = []
        while frame is not None and len(names) < _MAX_FRAMES:
            if self._recorder.sites.ours(frame.f_code.co_filename):
                if frame.f_code.co_name in _ENTRIES:
                    break
            else:
                names.append(self._frame(frame))
            frame = frame.f_back
        return tuple(reversed(names))

    def _names(self, chain: list[FrameType]) -> tuple[str, ...]:
        ours = self._recorder.sites.ours
        return tuple(self._frame(frame) for frame in chain if not ours(frame.f_code.co_filename))

    def _frame(self, frame: FrameType) -> str:
        code = frame.f_code
        return f"{self._recorder.sites.name(code.co_filename)}:{code.co_name}"

    def _innermost(self, chain: list[FrameType]) -> str:
        sites = self._recorder.sites
        for frame in reversed(chain):
            lines = sites.lines(frame.f_code.co_filename)
            if lines is not None:
                return sites.line(frame, lines)
        return ""

    def _count(self, route: str, seen: Seen) -> None:
        state, frames, site, count = seen
        key = (route, state, frames, site)
        if key not in self._counts and len(self._counts) >= _MAX_STACKS:
            key = (route, state, (OTHER,), site)
            if key not in self._counts and len(self._counts) >= 2 * _MAX_STACKS:
                key = ("", state, (OTHER,), "")
        self._counts[key] = self._counts.get(key, 0) + count


def _awaiting(request: Request) -> list[FrameType]:
    """Frames of the coroutine that a suspended request is waiting in, outermost first."""
    children = request.children
    current: Any = children[-1] if children else request.coroutine
    frames: list[FrameType] = []
    while current is not None and len(frames) < _MAX_FRAMES:
        for kind, awaited in _CHAIN:
            frame = getattr(current, kind, None)
            if frame is not None:
                frames.append(frame)
                current = getattr(current, awaited, None)
                break
        else:
            break
    return frames


_CHAIN: Final = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))
