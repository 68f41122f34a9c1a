"""The caches of this process, for whoever wants to know what they do.

A cache counts anyway. Whoever looks reads the counters; nothing is told to anybody while a value is
served, and a cache that is gone is not kept for it.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any, Final, Protocol

from surefoot.core.worker import CacheTotal

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


def kept_by(store: Any) -> tuple[str, dict[str, Any]]:
    """The tier that a store is, and what is known of it without asking it."""
    store = getattr(store, "store", store)
    size = getattr(store, "size", None)
    evictions = getattr(store, "evictions", 0)
    if size is None:
        return "shared", {"evictions": evictions}
    return "memory", {"evictions": evictions, "entries": len(store), "bytes": size}
