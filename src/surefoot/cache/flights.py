"""One call for many callers: whoever asks while an answer is being made gets that answer."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

__all__ = ["AsyncFlights", "Flights"]

T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    thread: int
    landed: threading.Event = field(default_factory=threading.Event)
    result: T | None = None
    error: BaseException | None = None


class Flights:
    """Calls under way in this process, by key, for threads.

    Whoever comes while a call is under way waits for it and gets its result, or its exception. A
    call that asks for its own key again is let through: waiting for itself it would wait for ever.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, _Flight[Any]] = {}
        self._pid = os.getpid()

    def do(self, key: str, call: Callable[[], T]) -> T:
        """The result of ``call``, or of the one that is under way for this key."""
        if self._pid != os.getpid():
            # The threads that flew these are not in this process: nobody would land them.
            self._under_way, self._pid = {}, os.getpid()
        mine: _Flight[T] = _Flight(threading.get_ident())
        while True:
            flight = self._under_way.setdefault(key, mine)
            if flight is mine:
                return self._fly(key, call, mine)
            if flight.thread == mine.thread:
                return call()
            flight.landed.wait()
            if flight.error is None:
                return cast("T", flight.result)
            if isinstance(flight.error, Exception):
                raise flight.error
            # Somebody ended that thread, not this one: the next of those who wait flies.

    def _fly(self, key: str, call: Callable[[], T], flight: _Flight[T]) -> T:
        try:
            flight.result = call()
        except BaseException as error:
            flight.error = error
            raise
        else:
            return flight.result
        finally:
            self._under_way.pop(key, None)
            flight.landed.set()


_flying: contextvars.ContextVar[frozenset[str]] = contextvars.ContextVar(
    "surefoot_flying", default=frozenset()
)


class AsyncFlights:
    """The same for the tasks of event loops; each loop has its own.

    The call is a task of its own, in a copy of the first caller's context: a client that goes away
    takes its own request with it, and not the answer that others wait for.
    """

    def __init__(self) -> None:
        self._under_way: dict[tuple[int, str], asyncio.Task[Any]] = {}

    async def do(self, key: str, call: Callable[[], Awaitable[T]]) -> T:
        """The result of ``call``, or of the one that is under way for this key."""
        if key in _flying.get():
            return await call()
        place = id(asyncio.get_running_loop()), key
        task = self._under_way.get(place)
        if task is None or task.done():
            task = asyncio.create_task(_flown(key, call))
            self._under_way[place] = task
            task.add_done_callback(lambda done: self._landed(place, done))
        return cast("T", await asyncio.shield(task))

    def _landed(self, place: tuple[int, str], task: asyncio.Task[Any]) -> None:
        if self._under_way.get(place) is task:
            del self._under_way[place]
        if not task.cancelled():
            task.exception()  # looked at: all who waited may have gone away


def _flown(key: str, call: Callable[[], Awaitable[T]]) -> Coroutine[Any, Any, T]:
    async def fly() -> T:
        _flying.set(_flying.get() | {key})
        return await call()

    return fly()
