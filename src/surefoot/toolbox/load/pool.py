"""The connections to one address: idle ones are reused, the last first, and more are opened."""

from __future__ import annotations

import asyncio
import errno
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from surefoot.toolbox.load.address import Address
from surefoot.toolbox.load.connection import Connection, Home
from surefoot.toolbox.load.exchange import CONNECTION_ERROR, TIMED_OUT, Exchange

__all__ = ["UNSENT", "Pool"]

UNSENT: Final = "unsent"
"""The error of a request that the generator itself could not send in time."""

# A server that keeps idle connections for a second or more (gunicorn: 2 s, uvicorn: 5 s) cannot
# have closed one this young; requests that must not be sent twice go over no older one.
_YOUNG: Final = 1.0
_OWN_LIMITS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS})


class Pool:
    """Connections to one address, without limit up to ``limit``.

    Args:
        address: Where to.
        limit: How many at most; past it requests wait.
        timeout: Seconds from the instant a request is due.
        connection: Makes one, which belongs to this pool.
    """

    def __init__(
        self,
        address: Address,
        limit: int,
        timeout: float,
        connection: Callable[[Home], Connection] = Connection,
    ) -> None:
        self.address = address
        self._connection = connection
        self._limit = limit
        self._timeout = timeout
        self._idle: dict[Connection, None] = {}
        self._waiting: deque[Exchange] = deque()
        self._connections: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self.retries = 0

    @property
    def size(self) -> int:
        """Connections open now."""
        return len(self._connections)

    def submit(self, exchange: Exchange) -> None:
        """Send it now if a connection is idle, else as soon as one is."""
        idle = self._idle
        while idle:
            connection = idle.popitem()[0]
            if connection.closing():
                continue
            if not exchange.prepared.idempotent and (
                time.monotonic() - connection.ended > _YOUNG and connection.used
            ):
                idle[connection] = None
                break
            connection.send(exchange)
            return
        self._waiting.append(exchange)
        self._grow()

    async def warm(self, count: int) -> None:
        """Open connections until there are ``count``, or one is refused."""
        while len(self._connections) < min(count, self._limit):
            before = len(self._connections)
            await self._open()
            if len(self._connections) == before:
                return

    def opened(self, connection: Connection) -> None:
        """A new connection is there."""
        self._connections.add(connection)
        self.ready(connection)

    def ready(self, connection: Connection) -> None:
        """A connection has nothing in flight."""
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._idle[connection] = None

    def lost(self, connection: Connection) -> None:
        """A connection is closed."""
        self._connections.discard(connection)
        self._idle.pop(connection, None)
        if self._waiting:
            self._grow()

    def again(self, exchange: Exchange) -> None:
        """Send once more, before those who wait, on a connection not used before."""
        self.retries += 1
        self._waiting.appendleft(exchange)
        self._grow()

    def expire(self, now: float) -> None:
        """Give up on everything that was due too long ago."""
        late = now - self._timeout
        for connection in tuple(self._connections):
            exchange = connection.exchange
            if exchange is not None and exchange.due < late:
                connection.expire()
        full = len(self._connections) + len(self._opening) >= self._limit
        while self._waiting and self._waiting[0].due < late:
            exchange = self._waiting.popleft()
            exchange.owner.ended(exchange, TIMED_OUT, UNSENT if full else "time-out", None)

    def abandon(self) -> None:
        """Drop everything that waits or is in flight; nobody is told."""
        self._waiting.clear()
        for connection in self._connections:
            if connection.exchange is not None:
                connection.abandon()

    def close(self) -> None:
        """Close every connection."""
        self._waiting.clear()
        for task in tuple(self._opening):
            task.cancel()
        for connection in self._connections:
            connection.abandon()

    def _grow(self) -> None:
        opening = len(self._opening)
        if opening < len(self._waiting) and len(self._connections) + opening < self._limit:
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._was_opening)

    def _was_opening(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        # Somebody may have begun to wait after the connection was taken and before its task ended.
        self._grow()

    async def _open(self) -> None:
        try:
            await self.address.connect(lambda: self._connection(self), self._timeout)
        except OSError as error:  # asyncio.TimeoutError is one
            if error.errno in _OWN_LIMITS and self._connections:
                self._limit = len(self._connections)
            elif self._waiting:
                exchange = self._waiting.popleft()
                exchange.owner.ended(exchange, CONNECTION_ERROR, _why(error), None)


def _why(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return "connection not accepted"
    return "no connection"
