"""Measures calls of a driver that take as long as they take: over a network, mostly.

A call inside another measured call of the same thread is part of it and not measured again, so a
hook may wrap several layers of a driver and whichever the application enters counts.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.request import COUNT, CPU, USE, Request, current

if TYPE_CHECKING:
    import asyncio

    from surefoot.telemetry.recorder import Recorder
    from surefoot.telemetry.sites import Hinted

__all__ = ["Describe", "Metered", "Span", "measured", "measured_async", "measured_future"]

_clock = time.perf_counter_ns
_thread_clock = time.thread_time_ns
_thread = threading.get_ident


Describe = Callable[..., tuple[str, str, int, "Hinted | None"]]
"""From a call's arguments: resource, what, how often it counts (0 for a part of something counted
elsewhere), and who remembers the site."""


class Span:
    """One measured call, from now until ``end``.

    Attributes:
        started_ns: Of the same clock as ``time.perf_counter_ns``.
    """

    __slots__ = ("_cpu_ns", "_request", "_sums", "started_ns")

    def __init__(self, request: Request, sums: list[int]) -> None:
        self._request = request
        self._sums = sums
        self._cpu_ns = _thread_clock()
        self.started_ns = _clock()

    def end(self, count: int, cpu_ns: int | None = None) -> int:
        """Sum up; returns the wall time in nanoseconds."""
        took = _clock() - self.started_ns
        sums = self._sums
        sums[COUNT] += count
        sums[CPU] += _thread_clock() - self._cpu_ns if cpu_ns is None else cpu_ns
        if not self._request.answered_ns:
            sums[USE] += took
        return took


def measured(
    recorder: Recorder, call: Callable[..., Any], describe: Describe, *, connects: bool = False
) -> Callable[..., Any]:
    """A function that does what ``call`` does and sums up what it took.

    Args:
        recorder: Of this process.
        call: A driver's function or method.
        describe: Given the arguments of the call.
        connects: Whether it makes a connection, which no pool is to count as waiting.
    """

    @functools.wraps(call)
    def run(*args: Any, **kwargs: Any) -> Any:
        request = current()
        if request is None or (request.busy and request.inside == _thread()):
            return call(*args, **kwargs)
        opened = _opened(recorder, request, describe, args, kwargs)
        if opened is None:
            return call(*args, **kwargs)
        span, count = opened
        request.busy_ns = span.started_ns
        request.busy += 1
        request.inside = _thread()
        try:
            return call(*args, **kwargs)
        finally:
            request.busy -= 1
            took = span.end(count)
            if connects:
                request.connect_ns += took

    return run


def measured_async(
    recorder: Recorder, call: Callable[..., Any], describe: Describe, *, connects: bool = False
) -> Callable[..., Any]:
    """As ``measured`` for a coroutine function; only its own steps count as its CPU."""

    @functools.wraps(call)
    async def run(*args: Any, **kwargs: Any) -> Any:
        request = current()
        if request is None:
            return await call(*args, **kwargs)
        opened = _opened(recorder, request, describe, args, kwargs)
        if opened is None:
            return await call(*args, **kwargs)
        span, count = opened
        metered = Metered(call(*args, **kwargs))
        request.awaiting += 1
        try:
            return await metered
        finally:
            request.awaiting -= 1
            took = span.end(count, metered.cpu_ns)
            if connects:
                request.connect_ns += took

    return run


def measured_future(
    recorder: Recorder, call: Callable[..., asyncio.Future[Any]], describe: Describe
) -> Callable[..., asyncio.Future[Any]]:
    """As ``measured_async`` for a function that starts the work and returns its future.

    What the work computes is in tasks of its own, and is the request's there.
    """

    @functools.wraps(call)
    def run(*args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        request = current()
        opened = None if request is None else _opened(recorder, request, describe, args, kwargs)
        future = call(*args, **kwargs)
        if request is None or opened is None:
            return future
        span, count = opened
        request.awaiting += 1

        def ended(_: object) -> None:
            request.awaiting -= 1
            span.end(count, 0)

        future.add_done_callback(ended)
        return future

    return run


class Metered:
    """A coroutine whose own CPU time is summed up while it is awaited.

    Attributes:
        cpu_ns: So far.
    """

    __slots__ = ("_coroutine", "cpu_ns")

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine: Any = coroutine
        self.cpu_ns = 0

    def __await__(self) -> Metered:
        return self

    def __iter__(self) -> Metered:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        """One step."""
        start = _thread_clock()
        try:
            return self._coroutine.send(value)
        finally:
            self.cpu_ns += _thread_clock() - start

    def throw(self, *error: Any) -> Any:
        """One step that begins with an exception."""
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """End it where it stands."""
        self._coroutine.close()

    def __getattr__(self, name: str) -> Any:
        # cr_frame and cr_await, for whoever follows a chain of coroutines through here.
        return getattr(self._coroutine, name)


def _opened(
    recorder: Recorder, request: Request, describe: Describe, args: Any, kwargs: Any
) -> tuple[Span, int] | None:
    try:
        resource, what, count, place = describe(*args, **kwargs)
        site = "" if place is None else recorder.sites.locate(place)
        sums = request.entry(resource, what, site or recorder.site())
    except Exception as error:  # noqa: BLE001 - a driver of another make must still work
        recorder.fault(error)
        return None
    return Span(request, sums), count
