"""Entries of one process, bounded in bytes and in number, and kept by how often they are asked for.

S3-FIFO (Yang, Zhang, Qiu, Yue and Rashmi: FIFO queues are all you need for cache eviction, SOSP
2023). What is new waits in a small queue; if nobody asked for it again by its end it goes, and only
its key is remembered for a while. What was asked for, or comes again while its key is remembered,
enters the main queue, where each request buys another round, up to three. So a scan of things that
nobody asks for twice passes through the small queue and leaves the main one as it was.

A hit moves nothing: it counts, in the entry, and needs no lock. What changes the queues needs one.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from surefoot.errors import ConfigError

__all__ = ["Entry", "Table", "TableCounts"]

_SMALL: Final = 0.1
"""The small queue's share: what the paper found best over its traces, and flat around it."""
_MOST_ROUNDS: Final = 3
_OVERHEAD: Final = 300
"""Bytes of an entry, its places in a queue and in the dictionary, beside its key and value."""
_LEAST_REMEMBERED: Final = 64
_HITS: Final = operator.attrgetter("hits")


class Entry:
    """One value. A hit is ``entry.hits += 1``; hits that two threads count at once may be one."""

    __slots__ = ("counted", "held", "hits", "key", "queue", "rounds", "size")

    def __init__(self, key: Hashable, held: tuple[Any, float], size: int) -> None:
        self.key = key
        self.held = held
        """The value, and the instant it ends by the caller's clock. They are replaced together, so
        that no reader sees one's end with another's value."""
        self.size = size
        self.hits = 0
        self.counted = 0
        self.rounds = 0
        self.queue: _Queue | None = None

    def earn(self) -> int:
        """How many rounds it has earned."""
        self.rounds = min(_MOST_ROUNDS, self.rounds + self.hits - self.counted)
        self.counted = self.hits
        return self.rounds


@dataclass(frozen=True, slots=True)
class TableCounts:
    """What a table has seen and holds."""

    hits: int
    misses: int
    evictions: int
    entries: int
    bytes: int


class Table:
    """A bounded table.

    Reading, by any thread::

        entry = table.find(key)
        if entry is not None:
            value, until = entry.held
            if now < until:
                entry.hits += 1

    Whoever finds nothing, or what has ended, adds to ``misses``. What has ended stays until it is
    put anew, discarded, or its turn comes.

    Args:
        max_bytes: Of all entries, as their sizes were told, and some 300 for each.
        max_entries: How many there may be.
        lock: Held while the table changes; a lock of its own where several threads do.

    Raises:
        ConfigError: A bound is less than one.
    """

    def __init__(
        self,
        max_bytes: int,
        max_entries: int = 2**40,
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        if max_bytes < 1 or max_entries < 1:
            raise ConfigError("a table of nothing keeps nothing", do="give at least 1")
        self.max_bytes = max_bytes
        self.max_entries = max_entries
        self.misses = 0
        self._lock = nullcontext() if lock is None else lock
        self._entries: dict[Hashable, Entry] = {}
        self.find: Callable[[Hashable], Entry | None] = self._entries.get
        """The entry of a key, fresh or not. The dictionary's own method: half the price of ours."""
        self._small = _Queue()
        self._main = _Queue()
        self._remembered: set[int] = set()
        self._remembered_before: set[int] = set()
        self._hits = 0
        self._evictions = 0

    def put(self, key: Hashable, value: object, *, until: float, size: int, now: float) -> bool:
        """Keep a value until an instant, at the latest.

        Args:
            key: Its key.
            value: The value.
            until: When it ends, by the caller's clock.
            size: Bytes of the key and the value.
            now: The instant.

        Returns:
            Whether it is kept: what is bigger than the whole table is not, and what was there under
            its key goes.
        """
        held, size = (value, until), size + _OVERHEAD
        with self._lock:
            entry = self._entries.get(key)
            if size > self.max_bytes:
                if entry is not None:
                    self._drop(entry)
                return False
            if entry is None:
                self._add(Entry(key, held, size))
            else:
                assert entry.queue is not None, "what is in the table is in a queue"
                entry.queue.bytes += size - entry.size
                entry.held, entry.size = held, size
            while self._is_over():
                self._evict(now)
            return self._entries.get(key) is not None

    def discard(self, key: Hashable) -> bool:
        """Forget an entry; whether there was one."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._drop(entry)
            return entry is not None

    def clear(self) -> None:
        """Forget every entry."""
        with self._lock:
            for entry in list(self._entries.values()):
                self._drop(entry)

    def keys(self) -> list[Hashable]:
        """The keys of all entries, of those too that have ended."""
        with self._lock:
            return list(self._entries)

    def counts(self) -> TableCounts:
        """What was seen until now; walks over the entries.

        Takes no lock, so that whoever looks from beside holds nobody up. Hits of an entry that goes
        in that moment are counted the next time.
        """
        hits = self._hits
        entries = list(self._entries.values())
        hits += sum(map(_HITS, entries))
        return TableCounts(hits, self.misses, self._evictions, len(entries), self._bytes())

    def _bytes(self) -> int:
        return self._small.bytes + self._main.bytes

    def _is_over(self) -> bool:
        return self._bytes() > self.max_bytes or len(self._entries) > self.max_entries

    def _add(self, entry: Entry) -> None:
        mark = hash(entry.key)
        known = mark in self._remembered or mark in self._remembered_before
        self._entries[entry.key] = entry
        (self._main if known else self._small).append(entry)

    def _drop(self, entry: Entry) -> None:
        if entry.queue is not None:
            entry.queue.remove(entry)
        self._hits += entry.hits
        del self._entries[entry.key]

    def _evict(self, now: float) -> None:
        small, main = self._small, self._main
        many = small.bytes > _SMALL * self.max_bytes or small.count > _SMALL * self.max_entries
        if many or not main.count:
            self._evict_small(small.popleft(), now)
        else:
            self._evict_main(main.popleft(), now)

    def _evict_small(self, entry: Entry, now: float) -> None:
        if now < entry.held[1] and entry.earn():
            # It starts anew: what brought it here does not count twice.
            entry.rounds = 0
            self._main.append(entry)
            return
        self._remember(hash(entry.key))
        self._evictions += 1
        self._drop(entry)

    def _evict_main(self, entry: Entry, now: float) -> None:
        if now < entry.held[1] and entry.earn():
            entry.rounds -= 1
            self._main.append(entry)
            return
        self._evictions += 1
        self._drop(entry)

    def _remember(self, mark: int) -> None:
        """As many keys as there are entries, to twice as many: the older half goes at once."""
        if len(self._remembered) >= max(len(self._entries), _LEAST_REMEMBERED):
            self._remembered_before, self._remembered = self._remembered, set()
        self._remembered.add(mark)


class _Queue:
    """Entries in the order they came. One that is removed stays in its place, as a hole."""

    __slots__ = ("_entries", "bytes", "count")

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self.bytes = 0
        self.count = 0

    def append(self, entry: Entry) -> None:
        entry.queue = self
        self._entries.append(entry)
        self.bytes += entry.size
        self.count += 1

    def remove(self, entry: Entry) -> None:
        entry.queue = None
        self.bytes -= entry.size
        self.count -= 1
        if len(self._entries) > 2 * self.count + _LEAST_REMEMBERED:
            self._entries = deque(each for each in self._entries if each.queue is self)

    def popleft(self) -> Entry:
        entry = self._entries.popleft()
        while entry.queue is not self:
            entry = self._entries.popleft()
        self.remove(entry)
        return entry
