"""What caches did while something was measured: sums over workers and probes. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from surefoot.core.records import Probe
from surefoot.core.resources import Kind
from surefoot.core.worker import CacheTotal, WorkerStats

__all__ = ["CacheUse", "cache_uses", "done"]

_Key = tuple[str, str]
_KEPT: Final = frozenset({"local", "memory", "shared"})  # not what might have been


@dataclass(frozen=True, slots=True)
class CacheUse:
    """One tier of one cache in all probes, or one route whose answers are kept."""

    total: CacheTotal
    """What was done meanwhile, in all workers; ``entries`` and ``bytes`` are those at the end."""
    calls: int = 0
    """Calls of the store that requests waited for; none are counted of a store in the process."""
    seconds: float = 0.0
    """What they took."""

    @property
    def asked(self) -> int:
        """Values that were asked for here."""
        total = self.total
        return total.hits + total.stale + total.misses + total.unanswered

    @property
    def hit_ratio(self) -> float | None:
        """Share of those that were there, stale ones among them; ``None`` where none was asked."""
        return (self.total.hits + self.total.stale) / self.asked if self.asked else None


def done(
    before: Mapping[int, WorkerStats], after: Mapping[int, WorkerStats]
) -> tuple[CacheTotal, ...]:
    """What the caches of all workers did between two looks, by name and tier."""
    found: dict[_Key, CacheTotal] = {}
    for pid, stats in after.items():
        earlier = _by_key(before[pid].caches) if pid in before else {}
        for key, total in _by_key(stats.caches).items():
            part = total.since(earlier[key]) if key in earlier else total
            found[key] = found.get(key, CacheTotal(*key)).plus(part)
    return tuple(found.values())


def cache_uses(probes: Sequence[Probe]) -> tuple[CacheUse, ...]:
    """What each cache did in all probes, the one with most requests first."""
    found: dict[_Key, CacheTotal] = {}
    for probe in probes:
        for key, total in _by_key(each for each in probe.caches if each.tier in _KEPT).items():
            summed = found.get(key, CacheTotal(*key)).plus(total)
            # What is kept is a state, and not a sum.
            found[key] = replace(summed, entries=total.entries, bytes=total.bytes)
    times = _times(probes)
    uses = [
        CacheUse(total, *(times.get(name, (0, 0.0)) if tier == "shared" else (0, 0.0)))
        for (name, tier), total in found.items()
    ]
    return tuple(sorted(uses, key=lambda use: (-use.asked, use.total.name, use.total.tier)))


def _by_key(totals: Iterable[CacheTotal]) -> dict[_Key, CacheTotal]:
    return {(total.name, total.tier): total for total in totals}


def _times(probes: Sequence[Probe]) -> dict[str, tuple[int, float]]:
    """Calls and seconds by the name of the cache whose slots they were about."""
    times: dict[str, tuple[int, float]] = {}
    for use in (use for probe in probes for route in probe.routes for use in route.resources):
        if use.resource.kind is Kind.CACHE:
            calls, seconds = times.get(use.resource.name, (0, 0.0))
            times[use.resource.name] = calls + use.count, seconds + use.use
    return times
