"""One call for many callers: whoever asks while an answer is being made gets that answer."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar, cast

__all__ = ["AsyncFlights", "Flights", "Flown"]

T = TypeVar("T")


class Flown(NamedTuple, Generic[T]):
    """What came of a call."""

    result: T
    led: bool
    """Whether it was this caller's own."""


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

    def do(self, key: str, call: Callable[[], T], *, wait: bool = True) -> Flown[T] | None:
        """The result of ``call``, or of the one that is under way for this key.

        Where not to ``wait``, ``None`` instead of the latter.
        """
        if self._pid != os.getpid():
            # The threads that flew these are not in this process: nobody would land them.
            self._under_way, self._pid = {}, os.getpid()
        mine: _Flight[T] = _Flight(threading.get_ident())
        while True:
            flight = self._under_way.setdefault(key, mine)
            if flight is mine:
                return Flown(self._fly(key, call, mine), led=True)
            if flight.thread == mine.thread:
                return Flown(call(), led=True)
            if not wait:
                return None
            flight.landed.wait()
            if flight.error is None:
                return Flown(cast("T", flight.result), led=False)
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

    async def do(
        self, key: str, call: Callable[[], Awaitable[T]], *, wait: bool = True
    ) -> Flown[T] | None:
        """The result of ``call``, or of the one that is under way for this key.

        Where not to ``wait``, ``None`` instead of the latter.
        """
        if key in _flying.get():
            return Flown(await call(), led=True)
        place = id(asyncio.get_running_loop()), key
        task = self._under_way.get(place)
        led = task is None or task.done()
        if task is None or task.done():
            task = asyncio.create_task(_flown(key, call))
            self._under_way[place] = task
            task.add_done_callback(lambda done: self._landed(place, done))
        elif not wait:
            return None
        return Flown(cast("T", await asyncio.shield(task)), led)

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
