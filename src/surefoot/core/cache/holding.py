"""What a store holds of each cache, counted slot by slot from their heads."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from surefoot.core.cache.family import family, is_tag
from surefoot.core.cache.frame import Frame

__all__ = ["Held", "Holding", "held_by"]


class Held(NamedTuple):
    """A slot, without its value."""

    key: str
    size: int
    """Bytes of the slot; not of its key, nor of what the store adds."""
    head: bytes
    """The first ``HEAD`` bytes."""
    left: float
    """Seconds until the store drops it; infinite where it would not."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What there is of one cache in a store."""

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

    def plus(self, held: Held, now: int) -> Holding:
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

    def _value(self, held: Held, size: int, *, stale: bool, claimed: bool) -> Holding:
        return replace(
            self,
            values=self.values + 1,
            bytes=size,
            stale=self.stale + stale,
            claimed=self.claimed + claimed,
            first_ends=min(held.left, math.inf if self.first_ends is None else self.first_ends),
            last_ends=max(held.left, -math.inf if self.last_ends is None else self.last_ends),
        )


def held_by(counts: dict[str, Holding], slots: Iterable[Held], now: int) -> None:
    """Add slots of caches to the counts of those.

    Args:
        counts: By the name of the cache.
        slots: None of anybody else's.
        now: Milliseconds since 1970.
    """
    for slot in slots:
        name = family(slot.key)
        counts[name] = counts.get(name, Holding(name)).plus(slot, now)
