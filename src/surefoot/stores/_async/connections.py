"""A few connections for each event loop."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

from surefoot.errors import StoreError
from surefoot.stores._async.deadline import Deadline
from surefoot.stores.idle import Idle

__all__ = ["AsyncConnections"]

_Connection = TypeVar("_Connection", bound=Any)
_clock = time.monotonic

# One answers some 20,000 commands a second; the server should not have to hold one for each task.
_MOST: Final = 8


class _Loop(Generic[_Connection]):
    __slots__ = ("idle", "room")

    def __init__(self) -> None:
        self.idle: Idle[_Connection] = Idle()
        self.room = asyncio.Semaphore(_MOST)


class AsyncConnections(Generic[_Connection]):
    """At most eight for each loop; who finds all in use waits for one.

    Args:
        make: Makes one.
        patience: Seconds to wait for one that is in use. Without a bound a thousand tasks would
            wait in line for a server that is frozen, each for its turn to find that out.
    """

    def __init__(self, make: Callable[[], Awaitable[_Connection]], patience: float) -> None:
        self._make = make
        self._patience = patience
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Loop[_Connection]]
        self._loops = weakref.WeakKeyDictionary()

    async def take(self) -> _Connection:
        """One that nobody else uses, to be given back or dropped.

        One that was waited for is told to hurry with its next answer, by as long as that took.

        Raises:
            StoreError: All were in use for too long, or a new one cannot be made.
        """
        mine = self._mine()
        waited = 0.0
        if mine.room.locked():
            waited = await self._wait(mine.room)
        else:
            await mine.room.acquire()
        try:
            connection = await self._found(mine.idle)
        except BaseException:
            mine.room.release()
            raise
        if waited:
            connection.hurry(waited)
        return connection

    def give(self, connection: _Connection) -> None:
        """Give one back."""
        mine = self._mine()
        mine.idle.give(connection)
        mine.room.release()

    async def drop(self, connection: _Connection) -> None:
        """Close one that is of no more use."""
        self._mine().room.release()
        await connection.close()

    async def close(self) -> None:
        """Close this loop's, where nobody uses them just now."""
        for connection in self._mine().idle.drain():
            await connection.close()

    async def _found(self, idle: Idle[_Connection]) -> _Connection:
        while (connection := idle.take()) is not None:
            if connection.is_usable():
                return connection
            await connection.close()
        return await self._make()

    async def _wait(self, room: asyncio.Semaphore) -> float:
        """Seconds until there was room."""
        began = _clock()
        deadline = Deadline(self._patience)
        try:
            await room.acquire()
        except asyncio.CancelledError:
            if deadline.is_why():
                milliseconds = self._patience * 1000
                raise StoreError(f"no connection was free for {milliseconds:.0f} ms") from None
            raise
        finally:
            deadline.cancel()
        return _clock() - began

    def _mine(self) -> _Loop[_Connection]:
        loop = asyncio.get_running_loop()
        mine = self._loops.get(loop)
        if mine is None:
            mine = self._loops[loop] = _Loop()
        return mine
