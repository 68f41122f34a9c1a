"""Drives a coroutine step by step, so that what each step uses is known exactly.

Under asyncio many requests share one thread; the thread's CPU clock between two awaits belongs to
the coroutine that ran. The same holds for child tasks, which a task factory wraps in the same way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final

from surefoot.telemetry.request import CURRENT, Request

if TYPE_CHECKING:
    import asyncio

    from surefoot.telemetry.recorder import Recorder

__all__ = ["BLOCKED_NS", "Steps", "follow_tasks"]

BLOCKED_NS: Final = 30_000_000
"""A step longer than this keeps every other request of the loop waiting, and is named."""

_clock = time.perf_counter_ns
_thread_clock = time.thread_time_ns
_thread = threading.get_ident


class Steps(Coroutine[Any, Any, Any]):
    """A coroutine around another one, which it times; to everybody else it looks the same.

    Args:
        coroutine: What is driven.
        request: Whose it is.
        recorder: Where it is said which thread works for which request.
    """

    __slots__ = ("_coroutine", "_recorder", "_request", "_send")

    def __init__(
        self, coroutine: Coroutine[Any, Any, Any], request: Request, recorder: Recorder
    ) -> None:
        self._coroutine: Any = coroutine
        self._send = coroutine.send
        self._request = request
        self._recorder = recorder
        if request.coroutine is None:
            request.coroutine = coroutine
        elif request.children is None:
            request.children = [coroutine]
        else:
            request.children.append(coroutine)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self

    def __iter__(self) -> Steps:
        return self

    def __next__(self, advance: Callable[[Any], Any] | None = None, value: Any = None) -> Any:
        if advance is None:
            advance = self._send
        request = self._request
        active = self._recorder.active
        thread = _thread()
        outer = active.get(thread)
        if outer is request or request.done:
            return advance(value)
        active[thread] = request
        request.step_site = ""
        cpu = _thread_clock()
        begun = request.step_ns = _clock()
        try:
            return advance(value)
        except BaseException:
            if request.children:
                self._forget()
            raise
        finally:
            took = _clock() - begun
            request.cpu_ns += _thread_clock() - cpu
            request.loop_ns += took
            request.step_ns = 0
            if outer is None:
                active.pop(thread, None)
            else:
                active[thread] = outer
            if took > BLOCKED_NS:
                self._recorder.pulse.blocked(request.step_site, took)

    def send(self, value: Any) -> Any:
        """One step."""
        return self.__next__(self._send, value)

    def throw(self, *error: Any) -> Any:
        """One step that begins with an exception."""
        return self.__next__(lambda given: self._coroutine.throw(*given), error)

    def close(self) -> None:
        """End it where it stands."""
        self._forget()
        self._coroutine.close()

    def __getattr__(self, name: str) -> Any:
        # cr_frame, cr_running, cr_await, __name__: what debuggers and anyio ask a coroutine for.
        return getattr(self._coroutine, name)

    def _forget(self) -> None:
        children = self._request.children
        if children and self._coroutine in children:
            children.remove(self._coroutine)


def follow_tasks(loop: asyncio.AbstractEventLoop, recorder: Recorder) -> None:
    """From now on tasks of this loop that a request creates are timed as part of it."""
    # Late: a worker without an event loop need not load 4 MB for it.
    from asyncio import Task  # noqa: PLC0415

    make: Any = loop.get_task_factory() or Task

    def factory(
        loop: asyncio.AbstractEventLoop, coroutine: Any, **kwargs: Any
    ) -> asyncio.Future[Any]:
        request = CURRENT.get()
        if request is not None and not request.done and isinstance(coroutine, Coroutine):
            coroutine = Steps(coroutine, request, recorder)
        if make is Task:
            return Task(coroutine, loop=loop, **kwargs)
        made: asyncio.Future[Any] = make(loop, coroutine, **kwargs)
        return made

    loop.set_task_factory(factory)
