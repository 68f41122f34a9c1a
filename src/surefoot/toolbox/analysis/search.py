"""The search for the highest rate that meets the SLO: decisions only, no sending.

Rate points are proposed, judged and bracketed here; ``measure`` runs them. A point passes when the
upper end of its quantile's interval meets the SLO, fails when the lower end misses it, and is
extended, twice at most, while neither holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from surefoot.core.records import Capacity, RatePoint, Slo
from surefoot.core.stats import Interval, quantile, quantile_interval, share_interval

__all__ = ["Judgement", "Search", "judge", "needed", "point_seconds"]

_EXTENSIONS: Final = 2
_CLOSE: Final = 1.08  # a bracket this narrow is as good as the points that made it
_SHORTEST: Final = 3.0
_KEPT_UP: Final = 0.97


def needed(q: float) -> int:
    """Requests without which a quantile says nothing: 10 beyond it, as a p99 of 1,000 has."""
    return max(200, math.ceil(10 / (1 - q))) if q > 0.95 else 200


def judged_quantile(slo: Slo, rate: float, seconds: float) -> float:
    """The SLO's quantile, or the next lower one that ``seconds`` at ``rate`` give enough for."""
    for q in (slo.quantile, 0.95, 0.9, 0.5):
        if q <= slo.quantile and rate * seconds >= needed(q):
            return q
    return 0.5


def point_seconds(slo: Slo, rate: float, budget: float, left: float) -> float:
    """How long to hold a rate: enough requests, and long enough for a queue to show.

    A quarter of the budget at most: two points that fail say less than four of which one passes,
    though a lower quantile has to decide them.
    """
    wanted = max(_SHORTEST, 12 * slo.latency, needed(slo.quantile) * 1.05 / max(rate, 1e-9))
    return min(left, max(_SHORTEST, min(wanted, budget / 4)))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rate point says."""

    interval: Interval
    verdict: str
    why: str


def judge(
    slo: Slo, q: float, blocks: Sequence[Sequence[float]], *, errors: int, kept_up: float
) -> Judgement:
    """Pass, fail or undecided.

    Args:
        slo: What must hold.
        q: The quantile that this many requests can decide.
        blocks: Response times, by second of their due time; what never came back is infinite.
        errors: How many of them failed.
        kept_up: Share of the offered requests that was answered while it was offered.
    """
    total = sum(map(len, blocks))
    interval = quantile_interval(blocks, q)
    if not total:
        return Judgement(interval, "fail", "nothing was answered")
    failing = share_interval(errors, total)
    if failing.low > slo.errors:
        return Judgement(interval, "fail", f"{failing.value:.2%} of the answers were errors")
    if kept_up < _KEPT_UP:
        return Judgement(interval, "fail", f"only {kept_up:.0%} was answered in time to keep up")
    if interval.low > slo.latency:
        return Judgement(interval, "fail", f"p{q * 100:g} {interval.value * 1e3:.0f} ms")
    if interval.high <= slo.latency and not _growing(blocks, slo.latency):
        return Judgement(interval, "pass", "")
    return Judgement(interval, "undecided", "the interval holds the limit")


def _growing(blocks: Sequence[Sequence[float]], limit: float) -> bool:
    """Whether a queue builds up that will pass the limit, though it has not yet."""
    medians = [quantile(sorted(block), 0.5) for block in blocks if block]
    if len(medians) < 3:
        return False
    third = max(1, len(medians) // 3)
    first, last = min(medians[:third]), min(medians[-third:])
    return last > 3 * first and last > limit / 4


class Search:
    """Which rate to try next, and what is known of the capacity so far."""

    def __init__(self, slo: Slo, guess: float, ceiling: float) -> None:
        self.slo = slo
        self._next = max(guess * 0.92, 0.2)
        self._ceiling = max(ceiling, self._next)
        self.passed = 0.0
        self.failed = math.inf
        self._extended = 0
        self.points: list[RatePoint] = []

    def propose(self) -> float | None:
        """The next rate, requests per second; ``None`` when the bracket is narrow enough."""
        if self.passed and self.failed / self.passed <= _CLOSE:
            return None
        return self._next

    @property
    def may_extend(self) -> bool:
        """Whether the point at hand may be held longer."""
        return self._extended < _EXTENSIONS

    def extend(self) -> None:
        """Note that the point at hand is held longer."""
        self._extended += 1

    def add(self, point: RatePoint) -> None:
        """Take a decided point into account; an undecided one counts on both sides."""
        self._extended = 0
        self.points.append(point)
        if point.verdict == "pass":
            self.passed = max(self.passed, point.rate)
        elif point.verdict == "fail":
            self.failed = min(self.failed, point.rate)
        else:
            self.passed = max(self.passed, point.rate / math.sqrt(_CLOSE))
            self.failed = min(self.failed, point.rate * math.sqrt(_CLOSE))
        if self.failed <= self.passed:
            self._disagree()
        self._next = self._between()

    def _disagree(self) -> None:
        # The machine changed under the points. What failed last failed now: believe the lower.
        self.passed = max(
            (p.rate for p in self.points if p.verdict == "pass" and p.rate < self.failed),
            default=0.0,
        )

    def _between(self) -> float:
        if math.isinf(self.failed):
            return min(self.passed * 1.15, max(self._ceiling, self.passed * 1.05))
        if not self.passed:
            # What it completed while it fell behind is about what it can do.
            done = min(p.throughput for p in self.points if p.verdict != "pass")
            return min(self.failed * 0.75, done * 0.85) if done else self.failed / 2
        return math.sqrt(self.passed * self.failed)

    @property
    def errors(self) -> Interval:
        """Share of errors in all points that passed: one point alone has too few requests."""
        passed = [point for point in self.points if point.verdict == "pass"]
        return share_interval(sum(p.errors for p in passed), sum(p.sent for p in passed))

    @property
    def capacity(self) -> Capacity:
        """The highest rate that met the SLO, and between which rates the limit lies."""
        if not self.passed or self.errors.low > self.slo.errors:
            high = 0.0 if math.isinf(self.failed) else self.failed
            return Capacity(0.0, 0.0, high)
        high = self.passed if math.isinf(self.failed) else self.failed
        return Capacity(math.sqrt(self.passed * high), self.passed, high)
