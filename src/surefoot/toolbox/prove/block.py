"""One block of load on one of the two, and what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from surefoot.core.proof import Side
from surefoot.toolbox.load import Closed, LoadResult
from surefoot.toolbox.measure import host
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.prove.gauge import Gauge

__all__ = ["Blocks", "Loaded"]

_LONGEST: Final = 5.0
_REQUESTS: Final = 40  # fewer make a ratio of one request's luck
# With 64 in flight at 190 requests a second a third of a block of one second passes before the
# first answer is there, and pairs of equal applications scattered by 12 %.
_FEWER: Final = 4
_LEAST: Final = 16
_AS_FAST: Final = 0.9


@dataclass(frozen=True, slots=True)
class Loaded:
    """A block: its figures, and everything the generator saw."""

    side: Side
    result: LoadResult


@dataclass
class Blocks:
    """Blocks of one kind, so that any two of them can be compared.

    Args:
        population: Requests kept in flight.
        seconds: Length of a block.
        generators: Process ids of everything that sends or gauges.
        weigh: Whether the memory of the stack is looked at after each.
        gauge: Says what each second cost somebody else.
    """

    population: int
    seconds: float
    generators: Callable[[], tuple[int, ...]]
    weigh: bool = False
    gauge: Gauge | None = None

    def fit(self, rate: float) -> None:
        """Make blocks long enough for an application that answers ``rate`` requests a second."""
        if rate > 0:
            self.population = max(1, min(self.population, int(2 * rate)))
            self.seconds = min(_LONGEST, max(self.seconds, _REQUESTS / rate))

    async def ease(self, *warm: tuple[Bench, float]) -> None:
        """Keep fewer in flight where that is as fast: what waits in a queue measures nothing.

        Args:
            warm: Each of the two and its answers per second with ``population`` in flight.

        Raises:
            ServerError: One of them died.
        """
        while self.population >= _FEWER * _LEAST:
            fewer = replace(self, population=self.population // _FEWER)
            for bench, rate in warm:
                if (await fewer.run(bench, 0)).side.rate < _AS_FAST * rate:
                    return
            self.population = fewer.population

    async def run(self, bench: Bench, seed: int) -> Loaded:
        """Load one of the two for one block.

        Raises:
            ServerError: It died.
        """
        before = host.take(self._owners(bench))
        began = self.gauge.read() if self.gauge else (0, 0)
        closed = Closed(population=self.population, seconds=self.seconds)
        result = await bench.race(bench.generator.run(closed, seed=seed))
        use = host.between(before, host.take(self._owners(bench)))
        side = Side(
            requests=result.sent,
            completed=result.completed,
            rate=result.throughput,
            errors=result.failed,
            cpu=use.app + use.database,
            p95=result.response.quantile(0.95),
            neighbours=use.neighbours / use.seconds if use.seconds else 0.0,
            memory=host.memory(bench.subject.pids()) if self.weigh else 0,
            received=result.answers.received,
            gauge=self.gauge.cost(began, self.gauge.read()) if self.gauge else 0.0,
        )
        return Loaded(side, result)

    def _owners(self, bench: Bench) -> host.Owners:
        return host.Owners(bench.subject.pids(), self.generators(), bench.database)
