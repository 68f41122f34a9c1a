"""How much a shared store holds of each cache, counted beside the requests, and seldom.

A store that lists what it holds answers in short steps; still, to count a large one takes time that
nobody's request should pay for. So a count is given up where it takes too long, and made again only
after so long a time that all counting together is half a hundredth of a thread.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol, runtime_checkable

from surefoot.core.breaker import Position
from surefoot.core.cache.holding import Held, Holding, held_by
from surefoot.errors import SurefootError

__all__ = ["Census", "Listing"]

_clock = time.monotonic
_used = time.thread_time

_LONGEST: Final = 0.1
"""Seconds of CPU after which a count is given up: some ten thousand slots."""
_REST: Final = 200
"""Times of what a count took until the next."""
_SHORTEST_REST: Final = 1.0


@runtime_checkable
class Listing(Protocol):
    """A store that can list what it holds."""

    def listed(self) -> Iterator[list[Held]]:
        """Slots of caches, some at a time; for a thread that may wait, whatever the store's colour.

        Raises:
            StoreError: It does not answer.
        """


class Census:
    """Counts of stores, each as of a moment ago."""

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[Any, _Count] = weakref.WeakKeyDictionary()

    def of(self, store: Any, name: str) -> Holding | None:
        """What a store holds of a cache; ``None`` where that is not known.

        Args:
            store: Guarded; one that is known to be away is not asked.
            name: Of the cache.
        """
        inner = getattr(store, "store", store)
        if not isinstance(inner, Listing) or getattr(store, "state", None) is not Position.CLOSED:
            return None
        count = self._known.get(store)
        if count is None or _clock() >= count.due:
            count = self._known[store] = _Count(inner)
        return None if count.found is None else count.found.get(name, Holding(name))


class _Count:
    __slots__ = ("due", "found")

    def __init__(self, store: Listing) -> None:
        began = _used()
        self.found = _counted(store, began + _LONGEST)
        self.due = _clock() + max(_SHORTEST_REST, _REST * (_used() - began))


def _counted(store: Listing, end: float) -> Mapping[str, Holding] | None:
    counts: dict[str, Holding] = {}
    try:
        for held in store.listed():
            held_by(counts, held, time.time_ns() // 1_000_000)
            if _used() > end:
                return None
    except (SurefootError, OSError):
        return None
    return counts
