"""A store in one SQLite file, shared by the processes of one host."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from surefoot.core.cache.holding import Held
from surefoot.ports import AsyncStore
from surefoot.stores._async.colour import sleep
from surefoot.stores.listing import held_in_file
from surefoot.stores.sqlite_slots import LockedError, SQLiteSlots

__all__ = ["AsyncSQLiteStore"]

_Answer = TypeVar("_Answer")

# A write holds the lock for about 50 us.
_SHORTEST_PAUSE: Final = 0.0002
_LONGEST_PAUSE: Final = 0.004


class AsyncSQLiteStore(AsyncStore):
    """Slots in a file: no server, about 10 us to read and 30 us to write.

    Readers never wait. A writer who finds another one writing tries again until its time is up.
    In an event loop the file is read where the call stands: handing 10 us of work to a thread
    costs 100 us, and what is waited for is another writer, by ``sleep``, never inside SQLite.

    After the machine has been started anew the file begins empty; its directory has to be on a
    local disk. Only its owner can read it.

    Args:
        path: The file. It is made where there is none; another program's file is refused.
        max_bytes: How large it may grow, its log not counted. Expired slots go first, then those
            written first.
        timeout: Seconds to try for, at most.
    """

    def __init__(
        self, path: str | Path, *, max_bytes: int = 256_000_000, timeout: float = 0.04
    ) -> None:
        self._slots = SQLiteSlots(Path(path), max_bytes)
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._slots.path}>"

    @property
    def evictions(self) -> int:
        """How many living slots this process took away for others."""
        return self._slots.evictions

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """As ``Store.get``."""
        return await self._until_done(self._slots.get, keys)

    async def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """As ``Store.put``."""
        await self._until_done(self._slots.put, slots, ttl)

    async def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """As ``Store.swap``."""
        return await self._until_done(self._slots.swap, key, expect, data, ttl)

    async def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """As ``Store.patch``."""
        return await self._until_done(self._slots.patch, key, expect, head)

    async def delete(self, keys: Sequence[str]) -> int:
        """As ``Store.delete``."""
        return await self._until_done(self._slots.delete, keys)

    async def incr(self, key: str, by: int, ttl: float) -> int:
        """As ``Store.incr``."""
        return await self._until_done(self._slots.incr, key, by, ttl)

    async def clear(self, prefix: str) -> None:
        """As ``Clearing.clear``."""
        await self._until_done(self._slots.clear, prefix)

    def listed(self) -> Iterator[list[Held]]:
        """As ``Listing.listed``, over a connection of its own."""
        return held_in_file(self._slots.path)

    async def close(self) -> None:
        """As ``Store.close``."""
        self._slots.close()

    async def _until_done(self, verb: Callable[..., _Answer], *arguments: Any) -> _Answer:
        try:
            return verb(*arguments)
        except LockedError:
            end = time.monotonic() + self._timeout
        pause = _SHORTEST_PAUSE
        while True:
            await sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - so as not to meet again
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                return verb(*arguments)
            except LockedError:
                if time.monotonic() > end:
                    raise
