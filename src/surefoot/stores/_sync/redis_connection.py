"""One connection of redis-py's, for one caller at a time.

Commands go through redis-py's connection, below its client: the client's retries, callbacks and
pool cost as much as the rest together.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from surefoot.stores.redis_errors import explained, missing_package
from surefoot.stores.redis_options import RedisOptions

__all__ = ["RedisConnection"]

_IDLE_SECONDS: Final = 10.0
_clock = time.monotonic


class RedisConnection:
    """Opened by ``open``; of no use after any error but a refusal."""

    __slots__ = ("_address", "_used", "_wire")

    def __init__(self, wire: Any, address: str) -> None:
        self._wire = wire
        self._address = address
        self._used = _clock()

    @classmethod
    def open(cls, options: RedisOptions) -> RedisConnection:
        """Connect, and say who we are.

        Raises:
            ConfigError: redis-py is not installed.
            StoreError: There is no connection within ``connect_timeout``.
        """
        try:
            from redis import connection as wires  # noqa: PLC0415 - optional
            from redis.backoff import NoBackoff  # noqa: PLC0415
            from redis.retry import Retry  # noqa: PLC0415
        except ImportError as error:
            raise missing_package(error) from error
        kinds = {"unix": wires.UnixDomainSocketConnection, "rediss": wires.SSLConnection}
        kind = kinds.get(options.scheme, wires.Connection)
        wire = kind(
            **options.arguments,
            **options.quiet(kind),
            retry=Retry(NoBackoff(), 0),
            socket_timeout=options.timeout,
            socket_connect_timeout=options.connect_timeout,
        )
        try:
            wire.connect()
        except Exception as error:
            wire.disconnect()
            raise explained(error, options.address) from error
        return cls(wire, options.address)

    def is_usable(self) -> bool:
        """False after ten idle seconds: the other side may have hung up."""
        return _clock() - self._used < _IDLE_SECONDS

    def ask(self, *words: Any) -> Any:
        """Send one command and read its answer.

        Raises:
            StoreError: There was none in time, or it was an error.
        """
        try:
            self._wire.send_command(*words)
            answer = self._wire.read_response()
        except Exception as error:
            raise explained(error, self._address) from error
        self._used = _clock()
        return answer

    def ask_all(self, commands: Sequence[Sequence[Any]]) -> None:
        """Send commands at once and read every answer; what they say does not matter.

        Raises:
            StoreError: There were fewer answers in time, or one was an error.
        """
        failed: Exception | None = None
        try:
            self._wire.send_packed_command(self._wire.pack_commands(commands))
            for _ in commands:
                try:
                    self._wire.read_response()
                except Exception as error:
                    if not self._wire.is_connected:
                        raise
                    failed = error
        except Exception as error:
            raise explained(error, self._address) from error
        if failed is not None:
            raise explained(failed, self._address) from failed
        self._used = _clock()

    def ask_each(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Send commands at once; the answer to each, or the error that it was.

        Raises:
            StoreError: There were fewer answers in time.
        """
        answers: list[Any] = []
        try:
            if commands:
                self._wire.send_packed_command(self._wire.pack_commands(commands))
            for _ in commands:
                try:
                    answers.append(self._wire.read_response())
                except Exception as error:
                    if not self._wire.is_connected:
                        raise
                    answers.append(error)
        except Exception as error:
            raise explained(error, self._address) from error
        self._used = _clock()
        return answers

    def hear(self, seconds: float) -> Any:
        """What the server says unasked; nothing if it says nothing in that time.

        Raises:
            StoreError: The connection is gone.
        """
        try:
            return self._wire.read_response() if self._wire.can_read(seconds) else None
        except Exception as error:
            raise explained(error, self._address) from error

    def close(self) -> None:
        """Hang up."""
        self._wire.disconnect()
