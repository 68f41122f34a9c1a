"""The caches of this process, for whoever wants to know what they do.

A cache counts anyway. Whoever looks reads the counters; nothing is told to anybody while a value is
served, and a cache that is gone is not kept for it. What a shared store holds is asked of it by who
looks, seldom.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any, Final, Protocol

from surefoot.core.worker import CacheTotal
from surefoot.stores.census import Census

__all__ = ["Counting", "kept_by", "register", "totals"]

_MOST: Final = 48
"""What is said of so many tiers and routes is 10 kB; the others are summed."""
_OTHER: Final = "(other)"


class Counting(Protocol):
    """Something that counts what it serves."""

    def totals(self) -> Iterable[CacheTotal]:
        """Of each tier, since the process began."""


# Without a lock, which a fork might leave locked in the child: each step is one of a dictionary's.
_known: dict[int, weakref.ref[Any]] = {}


def register(cache: Counting) -> None:
    """Count this one in, for as long as it is there."""
    number = id(cache)
    _known[number] = weakref.ref(cache, lambda _: _known.pop(number, None))


def totals() -> tuple[CacheTotal, ...]:
    """What the caches of this process did; those of one name and tier are summed."""
    caches = [cache for known in list(_known.values()) if (cache := known()) is not None]
    found: dict[tuple[str, str], CacheTotal] = {}
    for total in (total for cache in caches for total in cache.totals()):
        name = total.name
        if (name, total.tier) not in found and len(found) >= _MOST:
            name = _OTHER
        known = found.get((name, total.tier), CacheTotal(name, total.tier))
        found[name, total.tier] = known.plus(total)
    return tuple(found.values())


_census: Final = Census()


def kept_by(store: Any, name: str) -> tuple[str, dict[str, Any]]:
    """The tier that a store is, and what it holds of a cache: of one in the process, of all."""
    inner = getattr(store, "store", store)
    size = getattr(inner, "size", None)
    evictions = getattr(inner, "evictions", 0)
    if size is not None:
        return "memory", {"evictions": evictions, "entries": len(inner), "bytes": size}
    held = _census.of(store, name)
    kept = {} if held is None else {"entries": held.values, "bytes": held.bytes}
    return "shared", {"evictions": evictions, **kept}
