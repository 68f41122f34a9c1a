"""Copies that one process keeps of what lies in a store that others write to."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from surefoot.cache.names import Names
from surefoot.core.cache.frame import Frame
from surefoot.core.cache.table import Table
from surefoot.core.worker import CacheTotal

__all__ = ["Always", "Copy", "Local", "Watch"]

_clock = time.monotonic

_MOST_HEARD: Final = 4096
_SPARE_TAGS: Final = 64


class Watch(Protocol):
    """Hears what others change in the store."""

    @property
    def valid_until(self) -> float:
        """The instant of ``time.monotonic`` until which copies may be used."""

    def ensure(self) -> None:
        """Begin to listen, where that has not begun in this process."""

    def stop(self) -> None:
        """Listen no more."""


class Always:
    """Nobody else changes the store, or copies do not live long enough for it to matter."""

    valid_until: float = math.inf

    def ensure(self) -> None:
        """There is nothing to begin."""

    def stop(self) -> None:
        """There is nothing to end."""


class Copy(NamedTuple):
    """What is kept of a value."""

    value: Any
    """The value itself, if nobody can change it; else nothing."""
    frame: Frame | None
    """What to read it from anew for everybody who asks; nothing if ``value`` may be shared."""
    type: Any
    """What it was read as."""


class Local:
    """Copies, bounded, each for as long as it is fresh and nobody has changed its slot.

    Between reading a slot and keeping the copy somebody may change the slot: whoever reads takes a
    ticket first, and a copy whose slot or tags were heard of since is not kept.

    Args:
        max_bytes: Of keys and values as they are written.
        names: Of the cache.
        longest: Seconds that a copy lives at most.
    """

    def __init__(self, max_bytes: int, names: Names, *, longest: float = math.inf) -> None:
        self.watch: Watch = Always()
        self.table = Table(max_bytes, lock=threading.Lock())
        self._names = names
        self._longest = longest
        self._heard = 0
        self._recent: OrderedDict[str, int] = OrderedDict()
        self._forgotten = 0
        self._tagged: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def find(self, slot: str) -> Copy | None:
        """The copy of a slot, while it may be used."""
        entry = self.table.find(slot)
        if entry is not None:
            copy, until = entry.held
            now = _clock()
            if now < until and now < self.watch.valid_until:
                entry.hits += 1
                found: Copy = copy
                return found
        self.table.misses += 1
        return None

    def ticket(self) -> int:
        """To be taken before a slot is read."""
        self.watch.ensure()
        return self._heard

    def keep(self, slot: str, copy: Copy, frame: Frame, seconds: float, ticket: int) -> None:
        """Keep a copy.

        Args:
            slot: Of the value.
            copy: The value.
            frame: As it was read from the slot.
            seconds: For how long it is fresh.
            ticket: Taken before it was read.
        """
        now = _clock()
        if now >= self.watch.valid_until:
            return
        tags = [self._names.tag(tag.name) for tag in frame.tags]
        with self._lock:
            if any(self._since(name, ticket) for name in (slot, *tags)):
                return
            for tag in tags:
                self._hang(slot, tag)
            until = now + min(seconds, self._longest)
            size = 2 * len(slot) + len(frame.payload or b"")
            self.table.put(slot, copy, until=until, size=size, now=now)

    def heard(self, keys: Sequence[bytes] | None) -> None:
        """Somebody changed these slots of the store, or maybe all."""
        self.drop(None if keys is None else [key.decode("utf-8", "replace") for key in keys])

    def total(self, name: str) -> CacheTotal:
        """What was found here, and is kept."""
        seen = self.table.counts()
        return CacheTotal(
            name,
            "local",
            hits=seen.hits,
            misses=seen.misses,
            evictions=seen.evictions,
            entries=seen.entries,
            bytes=seen.bytes,
        )

    def drop(self, names: Iterable[str] | None) -> None:
        """Forget the copies of these slots, and of all that hang on those that are tags."""
        with self._lock:
            self._heard += 1
            if names is None:
                self._forgotten = self._heard
                self._recent.clear()
                self._tagged.clear()
                self.table.clear()
                return
            for name in names:
                self._recent[name] = self._heard
                self._recent.move_to_end(name)
                self.table.discard(name)
                for slot in self._tagged.pop(name, ()):
                    self.table.discard(slot)
            while len(self._recent) > _MOST_HEARD:
                self._forgotten = self._recent.popitem(last=False)[1]

    def _since(self, name: str, ticket: int) -> bool:
        return self._recent.get(name, self._forgotten) > ticket

    def _hang(self, slot: str, tag: str) -> None:
        slots = self._tagged.setdefault(tag, set())
        slots.add(slot)
        if len(slots) > 2 * len(self.table.keys()) + _SPARE_TAGS:
            slots.intersection_update(self.table.keys())
