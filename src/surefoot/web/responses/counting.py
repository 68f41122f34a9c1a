"""What was done with the requests of each route whose answers are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from surefoot.cache.registry import kept_by, register
from surefoot.core.cache.family import RESPONSES
from surefoot.core.worker import CacheTotal
from surefoot.web.responses.flow import Found, Make

__all__ = ["Counting", "Tally"]


@dataclass(slots=True)
class Tally:
    """Counters of one route that only grow. Of two threads that count at once one may be lost."""

    hits: int = 0
    stale: int = 0
    asked: int = 0
    """Requests that the application had to answer though they were looked up."""
    made: int = 0
    """Answers that were made to be kept."""
    failed: int = 0
    """Those that could not be made: of a status such as 500, or broken off."""
    refused: int = 0
    """Those that may not be kept."""
    unanswered: int = 0
    """Requests that the store did not answer."""
    bypassed: int = 0
    """Requests that were not looked up, such as those of who has a session."""

    def saw(self, found: Found | Make | None) -> None:
        """What looking up came to."""
        if not isinstance(found, Found):
            self.asked += 1
        elif found.stale:
            self.stale += 1
        else:
            self.hits += 1

    def lost(self) -> None:
        """The store did not answer."""
        self.unanswered += 1

    def total(self, name: str, tier: str) -> CacheTotal:
        """As telemetry tells it."""
        return CacheTotal(
            name,
            tier,
            hits=self.hits,
            stale=self.stale,
            misses=max(0, self.asked - self.unanswered),
            computed=self.made,
            failed=self.failed,
            refused=self.refused,
            unanswered=self.unanswered,
            bypassed=self.bypassed,
        )


class _Route(Protocol):
    @property
    def tally(self) -> Tally: ...

    @property
    def name(self) -> str: ...


class Counting:
    """Tells telemetry of all routes, and of the store that they share.

    Args:
        routes: With their tallies.
        store: Where answers are kept.
    """

    def __init__(self, routes: Sequence[_Route], store: Any) -> None:
        self._routes = routes
        self._store = store
        if routes:
            register(self)

    def totals(self) -> list[CacheTotal]:
        """As ``surefoot.cache.registry.Counting``."""
        tier, kept = kept_by(self._store, RESPONSES)
        found = [route.tally.total(route.name, tier) for route in self._routes]
        return [*found, CacheTotal(RESPONSES, tier, **kept)]
