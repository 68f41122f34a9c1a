"""What a store holds, cache by cache."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from surefoot import units
from surefoot.cli.cache_place import Place, check_name
from surefoot.cli.console import Console
from surefoot.core.cache.holding import Holding, held_by
from surefoot.stores.listing import listed
from surefoot.stores.memcached import MemcachedStore

__all__ = ["Stats", "counted"]

_HEAD: Final = ("cache", "values", "bytes", "stale", "claimed", "tags", "next ends", "last ends")


@dataclass(frozen=True, slots=True)
class Stats:
    """What ``surefoot cache stats`` shows."""

    store: str
    caches: tuple[Holding, ...] = ()
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


def _row(cache: Holding) -> tuple[str, ...]:
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
    counts: dict[str, Holding] = {}
    seen = 0
    for held in listed(place.url, place.directory, name):
        held_by(counts, held, time.time_ns() // 1_000_000)
        seen += len(held)
        console.progress(f"{seen:,} slots seen")
    return Stats(place.shown, tuple(sorted(counts.values(), key=lambda count: -count.bytes)))
