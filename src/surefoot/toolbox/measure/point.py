"""One rate point: hold a rate, judge it, hold it longer while nothing is decided."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from surefoot.core.records import HostUse, RatePoint, Slo
from surefoot.core.stats import quantile
from surefoot.toolbox.analysis.search import Judgement, judge, judged_quantile
from surefoot.toolbox.load import Generator, LoadResult, Schedule
from surefoot.toolbox.measure import host
from surefoot.toolbox.measure.probe import Watch

__all__ = ["Held", "hold"]


@dataclass
class Held:
    """What one rate has shown so far, over all the times it was held."""

    slo: Slo
    rate: float
    ignored: frozenset[str]
    """Names of requests that miss the SLO even alone; they are sent and not judged."""
    blocks: list[list[float]] = field(default_factory=list)
    uses: list[HostUse] = field(default_factory=list)
    seconds: float = 0.0
    sent: int = 0
    errors: int = 0
    in_time: int = 0
    invalid: str = ""

    def add(self, result: LoadResult, use: HostUse) -> None:
        """Take another stretch at this rate into account."""
        start = len(self.blocks)
        whole = max(1, math.floor(result.seconds))
        self.blocks.extend([] for _ in range(whole))
        judged = [name not in self.ignored for name in result.names]
        samples = result.samples
        limit = result.seconds + max(self.slo.latency, 0.25)
        for due, response, index in zip(
            samples.due, samples.response, samples.request, strict=True
        ):
            if judged[index]:
                self.blocks[start + min(whole - 1, int(due))].append(response)
            self.in_time += due + response <= limit
        self.uses.append(use)
        self.seconds += result.seconds
        self.sent += result.sent
        self.errors += sum(result.errors.values())
        self.invalid = self.invalid or result.why_invalid

    @property
    def quantile(self) -> float:
        """The quantile that this many requests can decide."""
        return judged_quantile(self.slo, self.rate, self.seconds)

    def judgement(self) -> Judgement:
        """What it says by now."""
        kept_up = self.in_time / self.sent if self.sent else 0.0
        return judge(self.slo, self.quantile, self.blocks, errors=self.errors, kept_up=kept_up)

    def point(self, *, beyond: bool = False) -> RatePoint:
        """The value that is kept of it."""
        judgement = self.judgement()
        ordered = sorted(time for block in self.blocks for time in block)
        return RatePoint(
            rate=self.rate,
            seconds=self.seconds,
            sent=self.sent,
            completed=self.in_time,
            errors=self.errors,
            p50=quantile(ordered, 0.5),
            p99=quantile(ordered, 0.99),
            quantile=judgement.interval.value,
            low=judgement.interval.low,
            high=judgement.interval.high,
            verdict=judgement.verdict,
            why=judgement.why,
            judged=self.quantile,
            valid=not self.invalid,
            why_invalid=self.invalid,
            host=_sum(self.uses),
            beyond=beyond,
        )


async def hold(
    held: Held,
    generator: Generator,
    owners: Callable[[], host.Owners],
    seconds: float,
    stop: asyncio.Event | None,
) -> bool:
    """Offer the rate for ``seconds`` more; returns whether it was interrupted."""
    schedule = Schedule(kind="poisson", rate=held.rate, seconds=seconds)
    async with Watch(owners) as watch:
        result = await generator.run(schedule, stop=stop)
    held.add(result, watch.seen.whole())
    return result.interrupted


def _sum(uses: Sequence[HostUse]) -> HostUse:
    return HostUse(
        seconds=sum(use.seconds for use in uses),
        cores=uses[0].cores,
        app=sum(use.app for use in uses),
        database=sum(use.database for use in uses),
        generator=sum(use.generator for use in uses),
        neighbours=sum(use.neighbours for use in uses),
        run_queue=sum(use.run_queue for use in uses),
    )
