"""A store that never waits, for event loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from surefoot.ports import Clearing, Store

__all__ = ["AsyncInline"]


class AsyncInline:
    """Calls a store where it stands: no thread, no task.

    Right for a ``MemoryStore``, whose verbs take about a microsecond. A store that speaks to a
    server would hold up the whole loop.

    Args:
        store: What is called.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """As ``Store.get``."""
        return self.store.get(keys)

    async def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """As ``Store.put``."""
        self.store.put(slots, ttl)

    async def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """As ``Store.swap``."""
        return self.store.swap(key, expect, data, ttl)

    async def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """As ``Store.patch``."""
        return self.store.patch(key, expect, head)

    async def delete(self, keys: Sequence[str]) -> int:
        """As ``Store.delete``."""
        return self.store.delete(keys)

    async def incr(self, key: str, by: int, ttl: float) -> int:
        """As ``Store.incr``."""
        return self.store.incr(key, by, ttl)

    async def clear(self, prefix: str) -> None:
        """As ``Clearing.clear``."""
        if isinstance(self.store, Clearing):
            self.store.clear(prefix)

    async def close(self) -> None:
        """As ``Store.close``."""
        self.store.close()
