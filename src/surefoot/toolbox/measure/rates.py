"""The rate points of one run: around the prediction, closer and closer, then one beyond."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from surefoot.core.records import Evidence, RatePoint, Slo
from surefoot.toolbox.analysis.model import Model
from surefoot.toolbox.analysis.search import Search, point_seconds
from surefoot.toolbox.diagnose import too_slow_alone
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.measure.conditions import noise
from surefoot.toolbox.measure.point import Held, hold

__all__ = ["RateSearch"]

Say = Callable[[str], None]

_BEYOND: Final = 1.25
_BEYOND_SECONDS: Final = 4.0
_SETTLE: Final = 0.3
_ERRORS_DECIDED: Final = 3000  # requests in which three errors of one in a thousand are due


class RateSearch:
    """Holds one rate after the other and says what was seen."""

    def __init__(
        self,
        search_seconds: float,
        bench: Bench,
        evidence: Evidence,
        model: Model,
        say: Say,
        stop: asyncio.Event,
    ) -> None:
        self.slo: Slo = evidence.slo
        self.bench, self.model, self.say, self.stop = bench, model, say, stop
        self.before = evidence
        self.budget = self.left = search_seconds
        self.ignored = too_slow_alone(evidence.probes[0], self.slo)
        self.search = Search(self.slo, 1.0, 1.0)
        self.beyond: RatePoint | None = None

    def predict(self) -> float:
        """The simulated rate at the SLO."""
        routes = [route.route for route in self.before.probes[0].routes]
        without = frozenset(i for i, name in enumerate(routes) if name in self.ignored)
        return self.model.slo_rate(self.slo, without=without)

    async def run(self, predicted: float) -> None:
        """Search around the prediction, then offer more than can be served."""
        saturation = self.model.saturation
        guess = predicted if predicted > 0.05 * saturation else 0.5 * saturation
        self.search = Search(self.slo, guess, 2 * saturation)
        while not self.stop.is_set() and self.left > 1:
            rate = self.search.propose()
            if rate is None:
                break
            await self._point(rate)
        if not self.stop.is_set():
            await self._beyond(max(saturation, self.search.capacity.high))

    async def _point(self, rate: float) -> None:
        held = Held(self.slo, rate, self._ignored_names())
        while True:
            seconds = point_seconds(self.slo, rate, self.budget, self.left)
            self.say(f"{rate:.0f} requests/s for {seconds:.0f} s ({self._bracket()})")
            interrupted = await hold(
                held, self.bench.generator, self.bench.owners, seconds, self.stop
            )
            self.left -= seconds
            undecided = held.judgement().verdict == "undecided"
            if interrupted or not undecided or not self.search.may_extend or self.left < 1:
                break
            self.search.extend()
        if not interrupted:
            self.search.add(held.point())
        if self.bench.subject.receiver is not None:
            self.bench.subject.receiver.collect()
        await asyncio.sleep(_SETTLE)

    def _bracket(self) -> str:
        capacity = self.search.capacity
        if not capacity.high:
            return "first point"
        return f"between {capacity.low:.0f} and {capacity.high:.0f}"

    def _ignored_names(self) -> frozenset[str]:
        medians = self.before.probes[0].medians
        return frozenset(name for name, median in medians if median > self.slo.latency)

    async def _beyond(self, saturation: float) -> None:
        rate = saturation * _BEYOND
        self.say(f"beyond saturation: {rate:.0f} requests/s for {_BEYOND_SECONDS:.0f} s")
        held = Held(self.slo, rate, frozenset())
        seconds = max(_BEYOND_SECONDS, min(10.0, 100 / max(rate, 1)))
        await hold(held, self.bench.generator, self.bench.owners, seconds, self.stop)
        self.beyond = held.point(beyond=True)

    def evidence(self) -> Evidence:
        """The evidence of the probes with all points added."""
        points = tuple(sorted(self.search.points, key=lambda point: point.rate))
        before = self.before
        notes = list(before.notes)
        notes += [f"{route} misses the SLO even alone" for route in self.ignored]
        notes += self._weakly_judged()
        notes += self._errors()
        notes += [text for text in [noise(self.model.full.neighbours, self.model.cores)] if text]
        return Evidence(
            **{name: getattr(before, name) for name in Evidence.__slots__}
            | {"points": (*points, *([self.beyond] if self.beyond else [])), "notes": tuple(notes)}
        )

    def _weakly_judged(self) -> list[str]:
        capacity = self.search.capacity
        deciding = [p for p in self.search.points if p.rate in {capacity.low, capacity.high}]
        lowest = min((point.judged for point in deciding), default=self.slo.quantile)
        if lowest >= self.slo.quantile:
            return []
        wanted, used = self.slo.quantile * 100, lowest * 100
        few = f"too few requests for p{wanted:g}: p{used:g} decided"
        return [f"{few}; a larger --seconds lets the SLO's own quantile decide"]

    def _errors(self) -> list[str]:
        errors, sent = self.search.errors, sum(p.sent for p in self.search.points)
        if errors.low > self.slo.errors:
            return [f"{errors.value:.2%} of all answers were errors, at rates that met the latency"]
        if sent < _ERRORS_DECIDED and sent:
            return [f"{sent} requests are too few to tell errors of {self.slo.errors:.2%}"]
        return []

    def invalid(self) -> str:
        """Why the capacity found means nothing; empty when it does."""
        near = [point for point in self.search.points if not point.valid]
        return near[-1].why_invalid if near else ""
