"""A store in this process: no server, no copy, nothing shared with other processes."""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from surefoot.errors import StoreRefusedError
from surefoot.stores.forked import tell_when_forked
from surefoot.stores.slots import added, milliseconds
from surefoot.units import format_bytes

__all__ = ["MemoryStore"]

_clock = time.monotonic

# What CPython 3.11 takes for a slot beside its key and its bytes: the object 72 bytes, its expiry
# 24, its place in an ordered dict of changing size about 200.
_OVERHEAD: Final = 300


class _Slot:
    __slots__ = ("data", "expires", "size", "used")

    def __init__(self, data: bytes, expires: float, size: int) -> None:
        self.data = data
        self.expires = expires
        self.size = size
        self.used = False


class MemoryStore:
    """Slots in a dictionary, bounded; what nobody reads goes first.

    Eviction is second chance (Corbató 1968): slots leave in the order in which they came, but one
    that was read since its last turn gets another. A hit writes one attribute and takes no lock.

    Args:
        max_bytes: What slots may take together: keys, values and what Python adds to them.
        max_entries: How many slots there may be.

    Attributes:
        evictions: How many living slots had to go for others.
    """

    def __init__(self, *, max_bytes: int = 64_000_000, max_entries: int = 1_000_000) -> None:
        if max_bytes <= 0 or max_entries <= 0:
            raise ValueError("a store without room keeps nothing: both bounds have to be above 0")
        self.max_bytes = max_bytes
        self.max_entries = max_entries
        self.evictions = 0
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        tell_when_forked(self)

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def size(self) -> int:
        """Bytes that the slots take together."""
        return self._size

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """As ``Store.get``."""
        now = _clock()
        slots = self._slots
        found: list[bytes | None] = []
        for key in keys:
            slot = slots.get(key)
            if slot is None or slot.expires <= now:
                found.append(None)
            else:
                slot.used = True
                found.append(slot.data)
        return found

    def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """As ``Store.put``."""
        expires = _clock() + milliseconds(ttl) / 1000
        with self._lock:
            for key, data in slots.items():
                self._write(key, data, expires)

    def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """As ``Store.swap``."""
        now = _clock()
        expires = now + milliseconds(ttl) / 1000
        with self._lock:
            slot = self._living(key, now)
            as_expected = (
                slot.data.startswith(expect) if slot and expect else not slot and not expect
            )
            if as_expected:
                self._write(key, data, expires)
        return as_expected

    def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """As ``Store.patch``."""
        with self._lock:
            slot = self._living(key, _clock())
            if slot is None or not slot.data.startswith(expect):
                return False
            self._write(key, head + slot.data[len(head) :], slot.expires)
        return True

    def delete(self, keys: Sequence[str]) -> int:
        """As ``Store.delete``."""
        now = _clock()
        with self._lock:
            living = [self._living(key, now) is not None for key in dict.fromkeys(keys)]
            for key in keys:
                self._remove(key)
        return sum(living)

    def incr(self, key: str, by: int, ttl: float) -> int:
        """As ``Store.incr``."""
        now = _clock()
        fresh = now + milliseconds(ttl) / 1000
        with self._lock:
            slot = self._living(key, now)
            number = added(slot.data if slot else None, by)
            self._write(key, b"%d" % number, slot.expires if slot else fresh)
        return number

    def clear(self, prefix: str) -> None:
        """As ``Clearing.clear``."""
        with self._lock:
            for key in [key for key in self._slots if key.startswith(prefix)]:
                self._remove(key)

    def close(self) -> None:
        """As ``Store.close``: there is nothing to give back, and the slots stay."""

    def in_child(self) -> None:
        """After a fork: a lock that another thread held is renewed, and what it wrote is gone."""
        if self._lock.acquire(blocking=False):
            self._lock.release()
            return
        self._lock = threading.Lock()
        self._slots, self._size = OrderedDict(), 0

    def _living(self, key: str, now: float) -> _Slot | None:
        slot = self._slots.get(key)
        return slot if slot is not None and slot.expires > now else None

    def _write(self, key: str, data: bytes, expires: float) -> None:
        self._remove(key)
        size = sys.getsizeof(key) + sys.getsizeof(data) + _OVERHEAD
        if size > self.max_bytes:
            raise StoreRefusedError(
                f"a slot of {format_bytes(size)} does not fit into {format_bytes(self.max_bytes)}",
                do="give the store more room, or keep smaller values",
            )
        self._make_room(size)
        self._slots[key] = _Slot(bytes(data), expires, size)
        self._size += size

    def _remove(self, key: str) -> None:
        slot = self._slots.pop(key, None)
        if slot is not None:
            self._size -= slot.size

    def _make_room(self, size: int) -> None:
        now = _clock()
        while self._size + size > self.max_bytes or len(self._slots) >= self.max_entries:
            key, slot = next(iter(self._slots.items()))
            if slot.used and slot.expires > now:
                slot.used = False
                self._slots.move_to_end(key)
            else:
                self.evictions += slot.expires > now
                self._remove(key)
