"""What the features need of the world, as Protocols: a test or a third party can bring its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

__all__ = ["AsyncClearing", "AsyncStore", "Clearing", "Store"]


@runtime_checkable
class Store(Protocol):
    """Slots of bytes under keys, each for a limited time.

    Keys are any text. Every verb may be called by any thread, and after a fork.

    Raises:
        StoreError: From each verb, when the store did not answer in its time.
    """

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """The slots of these keys, in their order, in one round trip; ``None`` where is none."""

    def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """Write these slots whatever they held, for ``ttl`` seconds, in one round trip."""

    def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """Write a slot if it begins with ``expect``; if that is empty, only where there is none.

        Looking and writing are one step: of several that expect the same, one gets ``True``.
        """

    def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """Replace the first ``len(head)`` bytes of a slot that begins with ``expect``.

        The rest of the slot and the time it has left stay as they are. One step, as ``swap`` is.
        """

    def delete(self, keys: Sequence[str]) -> int:
        """Remove these slots; returns how many there were."""

    def incr(self, key: str, by: int, ttl: float) -> int:
        """Add to a whole number of 64 bits, written as decimal digits; ``by`` where there is none.

        ``ttl`` is that of a number that is new; an older one keeps its own.
        """

    def close(self) -> None:
        """Give connections back."""


@runtime_checkable
class AsyncStore(Protocol):
    """The same for event loops. Any task of any loop may call it."""

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """As ``Store.get``."""

    async def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """As ``Store.put``."""

    async def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """As ``Store.swap``."""

    async def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """As ``Store.patch``."""

    async def delete(self, keys: Sequence[str]) -> int:
        """As ``Store.delete``."""

    async def incr(self, key: str, by: int, ttl: float) -> int:
        """As ``Store.incr``."""

    async def close(self) -> None:
        """As ``Store.close``."""


@runtime_checkable
class Clearing(Protocol):
    """A store that can be emptied."""

    def clear(self, prefix: str) -> None:
        """Remove every slot whose key begins so.

        What is written meanwhile may stay. A store that cannot list its slots removes all of them.

        Raises:
            StoreError: As from the verbs of a store.
        """


@runtime_checkable
class AsyncClearing(Protocol):
    """The same for event loops."""

    async def clear(self, prefix: str) -> None:
        """As ``Clearing.clear``."""
