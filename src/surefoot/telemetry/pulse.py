"""The worker's numbers that belong to no single request."""

from __future__ import annotations

import time
import weakref
from dataclasses import dataclass, field
from typing import Any

from surefoot.core.wire import Blocked, CacheTotal, RouteTotal, WorkerStats
from surefoot.telemetry.possible import Possible

__all__ = ["Pulse"]

MAX_SITES = 200


@dataclass(slots=True)
class Pulse:
    """Counters; every one only grows, from any thread, and a lost increment is tolerated."""

    started_ns: int = 0
    requests: int = 0
    dropped: int = 0
    faults: int = 0
    first_fault: str = ""
    gc_ns: int = 0
    gc_count: int = 0
    loop_lag_ns: int = 0
    loop_lag_max_ns: int = 0
    loop_beats: int = 0
    ticks: int = 0
    sampled_ns: int = 0
    own_ns: int = 0
    hooks: list[str] = field(default_factory=list)
    possible: Possible = field(default_factory=Possible)
    _blocked: dict[str, list[int]] = field(default_factory=dict)
    _pools: weakref.WeakKeyDictionary[Any, int] = field(default_factory=weakref.WeakKeyDictionary)

    def pool(self, pool: object, size: int) -> None:
        """A pool hands out connections, at most so many; a pool that is gone counts no more."""
        if pool not in self._pools:
            self._pools[pool] = size

    def fault(self, error: BaseException) -> None:
        """Telemetry itself failed."""
        self.faults += 1
        if not self.first_fault:
            self.first_fault = f"{type(error).__name__}: {error}"[:300]

    def blocked(self, site: str, wall_ns: int) -> None:
        """The loop stood still at a line."""
        if site not in self._blocked and len(self._blocked) >= MAX_SITES:
            site = "(other)"
        sums = self._blocked.setdefault(site, [0, 0, 0])
        sums[0] += 1
        sums[1] = max(sums[1], wall_ns)
        sums[2] += wall_ns

    def beat(self, lag_ns: int) -> None:
        """The loop's heartbeat ran, this late."""
        self.loop_beats += 1
        self.loop_lag_ns += lag_ns
        self.loop_lag_max_ns = max(self.loop_lag_max_ns, lag_ns)

    def reset(self) -> None:
        """A forked child starts from nothing; what hooks saw at import stays true."""
        fresh = Pulse(hooks=self.hooks)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def stats(
        self,
        worker: int,
        routes: tuple[RouteTotal, ...] = (),
        caches: tuple[CacheTotal, ...] = (),
    ) -> WorkerStats:
        """All of it, frozen."""
        elapsed = time.perf_counter_ns() - self.started_ns if self.started_ns else 0
        return WorkerStats(
            worker=worker,
            seconds=elapsed / 1e9,
            requests=self.requests,
            dropped=self.dropped,
            faults=self.faults,
            fault=self.first_fault,
            gc_ns=self.gc_ns,
            gc_count=self.gc_count,
            loop_lag_ns=self.loop_lag_ns,
            loop_lag_max_ns=self.loop_lag_max_ns,
            loop_beats=self.loop_beats,
            blocked=tuple(
                Blocked(site, count, longest, total)
                for site, (count, longest, total) in self._blocked.copy().items()
            ),
            ticks=self.ticks,
            sampled_ns=self.sampled_ns,
            own_ns=self.own_ns,
            pool_size=sum(list(self._pools.values())),
            hooks=tuple(self.hooks),
            routes=routes,
            caches=caches,
        )
