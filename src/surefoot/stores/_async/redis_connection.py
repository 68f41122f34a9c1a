"""One connection of redis-py's, for one caller at a time.

Commands go through redis-py's connection, below its client: the client's retries, callbacks and
pool cost as much as the rest together, and its timeouts make a task for each command.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from surefoot.errors import StoreError
from surefoot.stores._async.deadline import Deadline
from surefoot.stores.redis_errors import explained, missing_package, timed_out
from surefoot.stores.redis_options import RedisOptions

__all__ = ["AsyncRedisConnection"]

_IDLE_SECONDS: Final = 10.0
_clock = time.monotonic


class AsyncRedisConnection:
    """Opened by ``open``; of no use after any error but a refusal."""

    __slots__ = ("_address", "_left", "_timeout", "_used", "_wire")

    def __init__(self, wire: Any, options: RedisOptions) -> None:
        self._wire = wire
        self._address = options.address
        self._timeout = self._left = options.timeout
        self._used = _clock()

    @classmethod
    async def open(cls, options: RedisOptions) -> AsyncRedisConnection:
        """Connect, and say who we are.

        Raises:
            ConfigError: redis-py is not installed.
            StoreError: There is no connection within ``connect_timeout``.
        """
        try:
            from redis.asyncio import connection as wires  # noqa: PLC0415 - optional
            from redis.asyncio.retry import Retry  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
        except ImportError as error:
            raise missing_package(error) from error
        kinds = {"unix": wires.UnixDomainSocketConnection, "rediss": wires.SSLConnection}
        kind = kinds.get(options.scheme, wires.Connection)
        wire = kind(
            **options.arguments,
            **options.quiet(kind),
            retry=Retry(NoBackoff(), 0),
            # Time is kept here, once for sending and reading.
            socket_timeout=None,
            socket_connect_timeout=None,
        )
        connection = cls(wire, options)
        await connection._within(options.connect_timeout, wire.connect)
        return connection

    def is_usable(self) -> bool:
        """False after ten idle seconds: the other side may have hung up."""
        return _clock() - self._used < _IDLE_SECONDS

    def hurry(self, seconds: float) -> None:
        """So much of the next answer's time has passed already, in waiting for this connection."""
        self._left = max(0.0, self._timeout - seconds)

    async def ask(self, *words: Any) -> Any:
        """Send one command and read its answer.

        Raises:
            StoreError: There was none in time, or it was an error.
        """

        async def exchange() -> Any:
            await self._wire.send_command(*words)
            return await self._wire.read_response()

        return await self._within(self._time(), exchange)

    async def ask_all(self, commands: Sequence[Sequence[Any]]) -> None:
        """Send commands at once and read every answer; what they say does not matter.

        Raises:
            StoreError: There were fewer answers in time, or one was an error.
        """

        async def exchange() -> None:
            await self._wire.send_packed_command(self._wire.pack_commands(commands))
            failed: Exception | None = None
            for _ in commands:
                try:
                    await self._wire.read_response()
                except Exception as error:
                    if not self._wire.is_connected:
                        raise
                    failed = error
            if failed is not None:
                raise failed

        await self._within(self._time(), exchange)

    async def close(self) -> None:
        """Hang up, without waiting for the other side."""
        await self._wire.disconnect(nowait=True)

    def _time(self) -> float:
        left, self._left = self._left, self._timeout
        return left

    async def _within(self, seconds: float, work: Any) -> Any:
        deadline = Deadline(seconds)
        try:
            answer = await work()
        except asyncio.CancelledError:
            if deadline.is_why():
                await self.close()
                raise timed_out(self._address, seconds) from None
            raise
        except StoreError:
            raise
        except Exception as error:
            raise explained(error, self._address) from error
        finally:
            deadline.cancel()
        self._used = _clock()
        return answer
