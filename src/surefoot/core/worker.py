"""What a worker process says about itself, beside the records of its requests."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

__all__ = [
    "POSSIBLE",
    "POSSIBLE_UNHEARD",
    "Blocked",
    "CacheTotal",
    "RouteTotal",
    "WorkerStats",
]

POSSIBLE: Final = "possible"
"""Tier of copies in the process that nobody keeps: what they would have served."""
POSSIBLE_UNHEARD: Final = "possible unheard"
"""The same beside a store that does not tell of changes, where a copy lives for a second."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A line at which the event loop stood still for longer than it should."""

    site: str
    count: int
    max_ns: int
    total_ns: int = 0


@dataclass(frozen=True, slots=True)
class RouteTotal:
    """All requests of one route since the worker started, in bounded memory."""

    route: str
    requests: int
    errors: int
    """Answers of 500 and above."""
    wall_ns: int
    cpu_ns: int
    queued_ns: int
    loop_ns: int
    resources: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    """Resource to count, wait_ns, use_ns, cpu_ns."""
    buckets: dict[int, int] = field(default_factory=dict)
    """Wall time: index of a bucket to its count; bucket ``i`` ends at ``2 ** (i / 4)`` us."""


@dataclass(frozen=True, slots=True)
class CacheTotal:
    """What one tier of one cache did, since its process began or between two looks at it."""

    name: str
    """The cache's; of an answer that is kept its route, ``"GET /books/<int:id>"``."""
    tier: str
    """``"local"``: copies in the process. ``"memory"``: a store in the process. ``"shared"``: a
    store that processes share. ``POSSIBLE`` and ``POSSIBLE_UNHEARD``: copies that are not kept."""
    hits: int = 0
    """Fresh values that were there."""
    stale: int = 0
    """Values served past their ``ttl``, within ``stale``."""
    misses: int = 0
    """Values that were not there."""
    computed: int = 0
    """Values made by the process."""
    failed: int = 0
    """Times that making one failed."""
    refused: int = 0
    """Values made and not kept: changed meanwhile, too large, or not to be kept."""
    unanswered: int = 0
    """Times that the store failed, or was known to be away."""
    bypassed: int = 0
    """Requests that were not looked up, as those of who has a session."""
    evictions: int = 0
    """Values that had to go for others."""
    entries: int | None = None
    """How many are kept now; ``None`` where only the store could tell."""
    bytes: int | None = None
    """What they take."""

    def plus(self, other: CacheTotal) -> CacheTotal:
        """What both did and keep, under this one's name and tier."""
        sums: dict[str, Any] = {
            name: getattr(self, name) + getattr(other, name) for name in _COUNTED
        }
        # What processes share is the same that each of them sees.
        both = _larger if self.tier == "shared" else _sum
        kept = {name: both(getattr(self, name), getattr(other, name)) for name in _KEPT}
        return replace(self, **(sums | kept))

    def since(self, before: CacheTotal) -> CacheTotal:
        """What was done since an earlier look, and is kept now."""
        done = {name: max(0, getattr(self, name) - getattr(before, name)) for name in _COUNTED}
        return replace(self, **done)


_KEPT: Final = ("entries", "bytes")
_COUNTED: Final = tuple(
    each.name for each in fields(CacheTotal) if each.name not in {"name", "tier", *_KEPT}
)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _larger(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else max(one, other)


@dataclass(frozen=True, slots=True)
class WorkerStats:
    """What a worker says about itself; every number counts from the worker's start."""

    worker: int
    """Process id."""
    seconds: float = 0.0
    """Since its first request."""
    requests: int = 0
    dropped: int = 0
    """Records that could not be sent."""
    faults: int = 0
    """Errors inside telemetry itself, none of which reached a request."""
    fault: str = ""
    """The first of them."""
    gc_ns: int = 0
    gc_count: int = 0
    loop_lag_ns: int = 0
    """Sum over ``loop_beats`` of how late the loop's heartbeat ran."""
    loop_lag_max_ns: int = 0
    loop_beats: int = 0
    blocked: tuple[Blocked, ...] = ()
    ticks: int = 0
    """Times the sampler looked; one sample stands for ``sampled_ns / ticks`` of a thread."""
    sampled_ns: int = 0
    own_ns: int = 0
    """CPU time of the thread that samples and sends, which no request asked for."""
    pool_size: int = 0
    """Connections this worker's database pools may hand out; 0 when none was seen."""
    hooks: tuple[str, ...] = ()
    """Drivers that are being measured."""
    routes: tuple[RouteTotal, ...] = ()
    """Only where single records are not sent."""
    caches: tuple[CacheTotal, ...] = ()
