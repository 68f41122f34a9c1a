"""Redis, or whatever speaks its protocol, as a store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from surefoot.core.cache.holding import Held
from surefoot.errors import StoreRefusedError
from surefoot.ports import AsyncStore
from surefoot.stores._async.connections import AsyncConnections
from surefoot.stores._async.redis_connection import AsyncRedisConnection
from surefoot.stores.listing import held_in_redis
from surefoot.stores.redis_errors import ScriptMissingError
from surefoot.stores.redis_options import redis_options
from surefoot.stores.slots import encoded, milliseconds

__all__ = ["AsyncRedisStore"]

_AT_ONCE: Final = 1000
# What a pattern of Redis takes for something else than itself.
_SPECIAL: Final = re.compile(rb"[*?\[\]\\]")


class _Script:
    def __init__(self, name: str) -> None:
        self.text = (Path(__file__).parents[1] / name).read_bytes()
        # What EVALSHA calls a script by; nothing is kept secret by it.
        self.sha = hashlib.sha1(self.text, usedforsecurity=False).hexdigest()


_SWAP: Final = _Script("swap.lua")
_PATCH: Final = _Script("patch.lua")
_INCR: Final = _Script("incr.lua")


class AsyncRedisStore(AsyncStore):
    """Slots are plain strings of Redis; swap, patch and incr are short scripts.

    Nothing is tried twice: a cache that waits is worse than none. Cluster and Sentinel are not
    followed. A host's name is looked up by the system, which no timeout of ours bounds.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, with the options of ``redis_options``.

    Raises:
        ConfigError: The URL cannot be understood.
    """

    tells_changes = True
    """Whoever watches hears of every slot that anybody changes."""

    def __init__(self, url: str) -> None:
        self._options = redis_options(url)
        self._connections = AsyncConnections(self._open, self._options.timeout)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._options.address}>"

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """As ``Store.get``."""
        if len(keys) == 1:
            return [await self._ask("GET", encoded(keys[0]))]
        if not keys:
            return []
        answer: list[bytes | None] = await self._ask("MGET", *map(encoded, keys))
        return answer

    async def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """As ``Store.put``."""
        lifetime = milliseconds(ttl)
        commands = [("SET", encoded(key), data, "PX", lifetime) for key, data in slots.items()]
        if len(commands) == 1:
            await self._ask(*commands[0])
        elif commands:
            await self._ask_all(commands)

    async def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """As ``Store.swap``."""
        lifetime = milliseconds(ttl)
        if not expect:
            answer = await self._ask("SET", encoded(key), data, "PX", lifetime, "NX")
            return answer is not None
        return bool(await self._run(_SWAP, key, expect, data, lifetime))

    async def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """As ``Store.patch``."""
        return bool(await self._run(_PATCH, key, expect, head))

    async def delete(self, keys: Sequence[str]) -> int:
        """As ``Store.delete``."""
        return int(await self._ask("DEL", *map(encoded, keys))) if keys else 0

    async def incr(self, key: str, by: int, ttl: float) -> int:
        """As ``Store.incr``."""
        return int(await self._run(_INCR, key, by, milliseconds(ttl)))

    async def clear(self, prefix: str) -> None:
        """As ``Clearing.clear``: a walk over the whole database, in short steps."""
        pattern, cursor = _SPECIAL.sub(rb"\\\g<0>", encoded(prefix)) + b"*", b"0"
        while True:
            cursor, keys = await self._ask("SCAN", cursor, "MATCH", pattern, "COUNT", _AT_ONCE)
            if keys:
                await self._ask("UNLINK", *keys)
            if not int(cursor):
                return

    def listed(self) -> Iterator[list[Held]]:
        """As ``Listing.listed``, over a connection of its own."""
        return held_in_redis(self._options)

    async def close(self) -> None:
        """As ``Store.close``."""
        await self._connections.close()

    async def _open(self) -> AsyncRedisConnection:
        return await AsyncRedisConnection.open(self._options)

    async def _run(self, script: _Script, key: str, *values: Any) -> Any:
        try:
            return await self._ask("EVALSHA", script.sha, 1, encoded(key), *values)
        except ScriptMissingError:
            # Running it by its text is what makes the server know it again.
            return await self._ask("EVAL", script.text, 1, encoded(key), *values)

    async def _ask(self, *words: Any) -> Any:
        connection = await self._connections.take()
        try:
            answer = await connection.ask(*words)
        except StoreRefusedError:
            self._connections.give(connection)
            raise
        except BaseException:
            # An answer may still come, and must not be taken for the next one's.
            await self._connections.drop(connection)
            raise
        self._connections.give(connection)
        return answer

    async def _ask_all(self, commands: Sequence[Sequence[Any]]) -> None:
        connection = await self._connections.take()
        try:
            await connection.ask_all(commands)
        except StoreRefusedError:
            self._connections.give(connection)
            raise
        except BaseException:
            await self._connections.drop(connection)
            raise
        self._connections.give(connection)
