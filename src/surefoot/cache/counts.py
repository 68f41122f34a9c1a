"""What a cache did, counted since its process began."""

from __future__ import annotations

from dataclasses import dataclass

from surefoot.core.worker import CacheTotal

__all__ = ["Counts"]


@dataclass(slots=True)
class Counts:
    """Counters that only grow. Of two threads that count at once one may be lost."""

    local: int = 0
    """Values served from a copy in this process; what ``cached`` finds first thing is counted in
    the table of copies alone."""
    hits: int = 0
    """Fresh values served from the store."""
    stale: int = 0
    """Values served past their ``ttl``, within ``stale``, while somebody computed the next."""
    misses: int = 0
    """Values that were not there."""
    refreshed: int = 0
    """Stale values that this process was the one to compute anew."""
    waited: int = 0
    """Values that another caller in this process was computing, and that were waited for."""
    computed: int = 0
    """Values computed by this process."""
    failed: int = 0
    """Computations that raised."""
    late: int = 0
    """Computed values that were not kept: their slot was deleted or overwritten meanwhile."""
    refused: int = 0
    """Computed values that were not kept: too large, or of a type that cannot be written."""
    damaged: int = 0
    """Slots that could not be read."""
    unanswered: int = 0
    """Times that the store failed, or was known to be away."""

    def total(self, name: str, tier: str) -> CacheTotal:
        """As telemetry tells it, of a store."""
        return CacheTotal(
            name,
            tier,
            hits=self.hits + self.waited,
            stale=self.stale,
            misses=self.misses + self.refreshed,
            computed=self.computed,
            failed=self.failed,
            refused=self.late + self.refused,
            unanswered=self.unanswered,
        )
