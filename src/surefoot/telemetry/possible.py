"""What copies in the process would have served of what is asked of a store that processes share.

A copy serves reads for as long as nobody changes the slot and its value is fresh: until then each
brings the same bytes. So the reads that bring what the one before them brought are counted, and
nothing is assumed about who asks for what, how often that is written to, or how long it lives.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final

from surefoot.core.cache.family import RESPONSES, beginnings, family, is_tag
from surefoot.core.cache.frame import Frame
from surefoot.core.worker import POSSIBLE, POSSIBLE_UNHEARD, CacheTotal

__all__ = ["LARGEST", "Possible"]

LARGEST: Final = 64_000_000
"""Bytes of copies that are counted with at most; what is older goes."""
_OVERHEAD: Final = 300  # of an entry, as surefoot.core.cache.table counts it
_UNHEARD: Final = 1.0  # seconds that a copy lives where nobody tells of changes
_MOST_CACHES: Final = 32
_MOST_KEYS: Final = 50_000
_MOST_THREADS: Final = 1_000


class Possible:
    """Of every cache in a store that processes share."""

    def __init__(self) -> None:
        self._caches: dict[str, _Cache] = {}
        self._lock = threading.Lock()

    def saw(self, keys: Sequence[str], slots: Sequence[bytes | None], *, heard: bool) -> None:
        """Note a read.

        Args:
            keys: Of the slots.
            slots: What they hold.
            heard: Whether the store tells of changes.
        """
        name = family(keys[0]) if keys else ""
        if name in {"", RESPONSES}:
            return
        with self._lock:
            cache = self._caches.get(name)
            if cache is None:
                if len(self._caches) >= _MOST_CACHES:
                    return
                cache = self._caches[name] = _Cache(name, heard=heard)
            cache.saw(dict(zip(keys, slots, strict=True)))

    def totals(self) -> tuple[CacheTotal, ...]:
        """Since the process began."""
        return tuple(cache.total() for cache in list(self._caches.values()))


class _Cache:
    def __init__(self, name: str, *, heard: bool) -> None:
        self._name = name
        self._tag = beginnings(name)[1]
        self._tier = POSSIBLE if heard else POSSIBLE_UNHEARD
        self._lives = math.inf if heard else _UNHEARD
        self._known: dict[str, tuple[int, int, float]] = {}
        """What each slot held, how large a copy of it is, and until when that may be used."""
        self._versions: dict[str, bytes] = {}
        self._bytes = self._hits = self._misses = self._evictions = 0
        self._hanging: dict[int, dict[str, bytes]] = {}
        """Versions of the tags that a thread's last hit hangs on, and that it has yet to read."""

    def saw(self, read: Mapping[str, bytes | None]) -> None:
        """Count a read, and keep what it brought."""
        tags = {key: data for key, data in read.items() if is_tag(key)}
        self._versions |= {tag: version for tag, version in tags.items() if version is not None}
        hanging = self._hanging.pop(threading.get_ident(), {})
        if len(tags) < len(read):
            self._saw({key: _frame(data) for key, data in read.items() if key not in tags})
        elif any(tags.get(tag, version) != version for tag, version in hanging.items()):
            # The second half of a read whose values named their tags: it was no hit after all.
            self._hits, self._misses = self._hits - 1, self._misses + 1

    def _saw(self, frames: Mapping[str, Frame | None]) -> None:
        now = time.time()
        again = [self._again(key, frame, now) for key, frame in frames.items()]
        if all(again):
            self._hits += 1
            tags = [tag for frame in frames.values() if frame is not None for tag in frame.tags]
            hanging = {self._tag + tag.name: tag.version for tag in tags}
            self._hanging[threading.get_ident()] = hanging
        else:
            self._misses += 1
        self._bound()

    def _again(self, key: str, frame: Frame | None, now: float) -> bool:
        """Whether a copy of the slot would have held what was read."""
        if frame is None or frame.payload is None or frame.fresh / 1000 <= now:
            self._forget(key)
            return False
        mark, known = hash((frame.generation, frame.payload)), self._known.get(key)
        if known is not None and known[0] == mark and now < known[2]:
            return self._holds(frame)
        self._forget(key)
        size = 2 * len(key) + len(frame.payload) + _OVERHEAD
        self._known[key] = mark, size, min(frame.fresh / 1000, now + self._lives)
        self._bytes += size
        return False

    def _holds(self, frame: Frame) -> bool:
        """Whether none of a value's tags has changed, as far as is known."""
        read = ((self._versions.get(self._tag + tag.name, tag.version), tag) for tag in frame.tags)
        return all(version == tag.version for version, tag in read)

    def _forget(self, key: str) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            self._bytes -= known[1]

    def _bound(self) -> None:
        while self._bytes > LARGEST or len(self._known) > _MOST_KEYS:
            self._forget(next(iter(self._known)))
            self._evictions += 1
        if len(self._versions) > _MOST_KEYS:
            self._versions.clear()
        if len(self._hanging) > _MOST_THREADS:
            self._hanging.clear()

    def total(self) -> CacheTotal:
        """As telemetry tells it."""
        return CacheTotal(
            self._name,
            self._tier,
            hits=self._hits,
            misses=self._misses,
            evictions=self._evictions,
            entries=len(self._known),
            bytes=self._bytes,
        )


def _frame(data: bytes | None) -> Frame | None:
    return Frame.unpack(data) if data is not None else None
