"""What a store holds, cache by cache."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from surefoot import units
from surefoot.cli.cache_place import Place, check_name
from surefoot.cli.console import Console
from surefoot.core.cache.family import family, is_tag
from surefoot.core.cache.frame import Frame
from surefoot.stores.listing import Held, listed
from surefoot.stores.memcached import MemcachedStore

__all__ = ["CacheCount", "Stats", "counted"]

_HEAD: Final = ("cache", "values", "bytes", "stale", "claimed", "tags", "next ends", "last ends")


@dataclass(frozen=True, slots=True)
class CacheCount:
    """What there is of one cache."""

    name: str
    values: int = 0
    bytes: int = 0
    """Of all its slots, as they lie in the store."""
    stale: int = 0
    """Values past their ``ttl`` that may still be served."""
    claimed: int = 0
    """Slots for which somebody computes a value just now."""
    tags: int = 0
    first_ends: float | None = None
    """Seconds until the first value is gone from the store."""
    last_ends: float | None = None

    def plus(self, held: Held, now: int) -> CacheCount:
        """With one more slot."""
        size = self.bytes + held.size
        if is_tag(held.key):
            return replace(self, bytes=size, tags=self.tags + 1)
        peeked = Frame.peek(held.head)
        if peeked is None:
            # A number of ``incr``.
            return self._value(held, size, stale=False, claimed=False)
        frame = peeked[0]
        claimed = now < frame.claimed
        if frame.payload is None:
            return replace(self, bytes=size, claimed=self.claimed + claimed)
        return self._value(held, size, stale=frame.fresh <= now < frame.stale, claimed=claimed)

    def _value(self, held: Held, size: int, *, stale: bool, claimed: bool) -> CacheCount:
        return replace(
            self,
            values=self.values + 1,
            bytes=size,
            stale=self.stale + stale,
            claimed=self.claimed + claimed,
            first_ends=min(held.left, math.inf if self.first_ends is None else self.first_ends),
            last_ends=max(held.left, -math.inf if self.last_ends is None else self.last_ends),
        )


@dataclass(frozen=True, slots=True)
class Stats:
    """What ``surefoot cache stats`` shows."""

    store: str
    caches: tuple[CacheCount, ...] = ()
    servers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Of Memcached, its own counters by server."""

    def text(self) -> str:
        """For a terminal."""
        if self.servers:
            return "\n".join([f"{self.store} cannot list what it holds", *_servers(self.servers)])
        if not self.caches:
            return f"{self.store} holds nothing of a cache"
        rows = [_HEAD, *map(_row, self.caches)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
            for row in rows
        ]
        return "\n".join([self.store, *lines])

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "store": self.store,
            "caches": [_finite(asdict(cache)) for cache in self.caches],
            "servers": {server: dict(told) for server, told in self.servers.items()},
        }


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {key: None if value == math.inf else value for key, value in values.items()}


def _row(cache: CacheCount) -> tuple[str, ...]:
    numbers = (cache.stale, cache.claimed, cache.tags)
    return (
        cache.name,
        f"{cache.values:,}",
        units.format_bytes(cache.bytes),
        *(f"{number:,}" for number in numbers),
        _ends(cache.first_ends),
        _ends(cache.last_ends),
    )


def _ends(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return "never" if math.isinf(seconds) else units.format_duration(max(0.0, seconds))


def _servers(servers: Mapping[str, Mapping[str, int]]) -> Iterable[str]:
    for server, told in servers.items():
        room = units.format_bytes(told.get("limit_maxbytes", 0))
        yield (
            f"{server}: {told.get('curr_items', 0):,} items of everybody in "
            f"{units.format_bytes(told.get('bytes', 0))} of {room}, "
            f"{told.get('evictions', 0):,} evicted since it started"
        )


def counted(place: Place, name: str, console: Console) -> Stats:
    """What the store holds of one cache, or of all.

    Raises:
        ConfigError: The URL cannot be understood, or there is no such file.
        StoreError: The store does not answer.
    """
    check_name(name)
    if place.scheme == "memcached":
        return Stats(place.shown, servers=MemcachedStore(place.url).stats())
    counts: dict[str, CacheCount] = {}
    seen = 0
    for held in listed(place.url, place.directory, name):
        now = time.time_ns() // 1_000_000
        for each in held:
            own = family(each.key)
            counts[own] = counts.get(own, CacheCount(own)).plus(each, now)
        seen += len(held)
        console.progress(f"{seen:,} slots seen")
    return Stats(place.shown, tuple(sorted(counts.values(), key=lambda count: -count.bytes)))
