"""What a worker process says about itself, beside the records of its requests."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Blocked", "RouteTotal", "WorkerStats"]


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
    pool_size: int = 0
    """Connections this worker's database pools may hand out; 0 when none was seen."""
    hooks: tuple[str, ...] = ()
    """Drivers that are being measured."""
    routes: tuple[RouteTotal, ...] = ()
    """Only where single records are not sent."""
