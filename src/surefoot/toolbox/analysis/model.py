"""The model of an application, fixed before anything is compared with it.

Stations: each replica's interpreter (one core at most, its demand growing with the requests in
it), the host's cores, each replica's lock and its pool as tokens over what they enclose, and plain
waits. Slots limit the population. Demands come from two closed loops: one request in flight, and
every slot busy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from surefoot.core import laws
from surefoot.core.records import Slo, Station
from surefoot.core.resources import Kind, Resource
from surefoot.core.stats import quantile
from surefoot.toolbox.analysis.simulate import Job, Network, simulate

__all__ = ["Demands", "Model"]

_LEAST_CORES: Final = 0.1
_SIMULATED: Final = 5000
_SWITCH_INTERVAL: Final = 0.005  # sys.getswitchinterval() unless the application sets it
_SEEDS: Final = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Demands:
    """Seconds one request of the mix needs, at one population."""

    population: int
    response: float
    wall: float
    app: float
    """CPU inside the interpreters, the server's share included."""
    server: float
    """The server's share of ``app``: what the workers used outside the application."""
    blocked: float
    """Holding the event loop without using its CPU."""
    db_cpu: float
    db_wait: float
    """Waiting for the database beyond its CPU time."""
    pool_wait: float
    pool_held: float
    outside: float
    generator: float
    neighbours: float
    """Cores, not seconds per request."""

    @property
    def host(self) -> float:
        """CPU on this host, the generator's included: it runs here."""
        return self.app + self.db_cpu + self.generator

    def less(
        self,
        *,
        app: float = 0.0,
        db_cpu: float = 0.0,
        db_wait: float = 0.0,
        outside: float = 0.0,
        blocked: float = 0.0,
        held: float = 0.0,
        server: float = 0.0,
    ) -> Demands:
        """The same request without these seconds of it, each at most what there is."""
        app, server = min(app, self.app - self.server), min(server, self.server)
        db_cpu, db_wait = min(db_cpu, self.db_cpu), min(db_wait, self.db_wait)
        outside, blocked = min(outside, self.outside), min(blocked, self.blocked)
        gone = min(app + db_cpu + db_wait + max(outside, blocked), self.wall)
        return replace(
            self,
            response=max(0.0, self.response - gone - server),
            wall=self.wall - gone,
            app=self.app - app - server,
            server=self.server - server,
            db_cpu=self.db_cpu - db_cpu,
            db_wait=self.db_wait - db_wait,
            outside=self.outside - outside,
            blocked=self.blocked - blocked,
            pool_held=max(0.0, self.pool_held - held),
        )

    def shrunk(self, before: Demands, after: Demands) -> Demands:
        """This request when of each kind of seconds the same share goes as from another one."""

        def left(name: str) -> float:
            was: float = getattr(before, name)
            return getattr(after, name) / was if was else 1.0

        own = before.app - before.server
        server = self.server * left("server")
        app = (self.app - self.server) * ((after.app - after.server) / own if own else 1.0)
        kept = {name: getattr(self, name) * left(name) for name in _SHRINKING}
        return replace(self, app=app + server, server=server, **kept)


_SHRINKING: Final = (
    "response",
    "wall",
    "blocked",
    "db_cpu",
    "db_wait",
    "pool_wait",
    "pool_held",
    "outside",
)


@dataclass(frozen=True)
class Model:
    """What is known of the application, and what follows from it."""

    alone: Demands
    full: Demands
    replicas: int
    slots: int
    """Of each replica."""
    pool: int
    """Connections of each replica; 0 where none was seen."""
    cores: float
    lock: float
    """Seconds per request that the replica's lock is held."""
    lock_routes: tuple[float, ...]
    """How much longer than the mean each of ``jobs``' routes holds it."""
    jobs: tuple[Job, ...]
    limited: bool
    """Whether slots limit the population (threads do, an event loop's 32 are a convention)."""
    attributed: bool = True
    """Whether anything but time and CPU is known; of a black box nothing else is."""
    correction: float = 1.0
    """Measured over modelled throughput with every slot busy."""

    @property
    def population(self) -> int:
        """Requests that all replicas together may work on at once."""
        return self.replicas * self.slots

    @property
    def available(self) -> float:
        """Cores that neighbours leave."""
        return max(_LEAST_CORES, self.cores - self.full.neighbours)

    @property
    def _interpreter(self) -> laws.Speed:
        first, last = self.alone, self.full
        return laws.slowing(
            first.app + first.blocked,
            last.app + first.blocked,
            last.population,
            self.replicas if self.attributed else self.cores,
        )

    @property
    def _held_delay(self) -> float:
        alone = self.alone
        share = min(1.0, alone.pool_held / alone.wall) if alone.wall else 0.0
        inside = alone.pool_held - alone.db_cpu - share * (alone.app - alone.server)
        return min(max(0.0, inside), self.delay)

    @property
    def delay(self) -> float:
        """Seconds of a lone request that are no work of anybody's: plain waiting."""
        alone = self.alone
        spent = alone.app + alone.blocked + alone.db_cpu + alone.generator + alone.pool_wait
        return max(0.0, alone.response - spent)

    def stations(self, *, tokens: bool = True) -> list[laws.Speed]:
        """The closed network as the formulas take it."""
        others = self.full.db_cpu
        found = [self._interpreter, laws.servers(max(self.full.generator, 1e-7), self.available)]
        delay = self.delay
        inner = [laws.servers(max(others, 1e-7), self.available)]
        if tokens and self.pool:
            held, limit = self._held_delay, self.pool * self.replicas
            if held:
                inner.append(laws.delay(held))
                delay -= held
            if limit < self.population:
                inner = [laws.flow_equivalent(inner, limit)]
        found += inner
        if tokens and self.lock:
            found.append(laws.servers(self.lock, self.replicas))
            delay -= self.lock
        if delay > 1e-7:
            found.append(laws.delay(delay))
        return found

    @cached_property
    def uncorrected(self) -> float:
        """Saturation throughput of the bare model, requests per second."""
        with_tokens = laws.solve(self.stations(), self.population).throughput
        without = laws.solve(self.stations(tokens=False), self.population).throughput
        # A pool is held during work of the interpreter too, which is a station outside of it.
        bounds = (station.bound for station in self.capacities(0.0))
        return min(with_tokens, without, *bounds)

    @property
    def saturation(self) -> float:
        """Requests per second with every slot busy, as the probe says the model is off."""
        return self.uncorrected * self.correction

    @property
    def lost(self) -> float:
        """Seconds per request that passed with every slot busy and that the model cannot place."""
        if not self.uncorrected or self.correction >= 1:
            return 0.0
        return (1 / self.correction - 1) / self.uncorrected

    @cached_property
    def network(self) -> Network:
        """What the simulation runs the jobs on."""
        alone = self.alone.app + self.alone.blocked
        full = self.full.app + self.alone.blocked
        per_replica = max(1, self.full.population // self.replicas)
        ratio = (full / alone if alone else 1.0) / self.correction
        steps = max(1, per_replica - 1)

        def slowdown(n: int) -> float:
            return 1.0 + (ratio - 1.0) * min(n - 1, steps) / steps

        return Network(
            replicas=self.replicas,
            slots=self.slots if self.limited else 1 << 20,
            pool=self.pool,
            cores=self.available,
            generator=self.full.generator,
            slowdown=slowdown if per_replica > 1 else lambda _: 1.0,
            # An event loop turns to the next request only where one waits.
            turn=_SWITCH_INTERVAL if self.limited else math.inf,
        )

    def slo_rate(self, slo: Slo, *, without: frozenset[int] = frozenset()) -> float:
        """The highest simulated rate that meets the SLO; 0 when even a tenth of saturation fails.

        Args:
            slo: What must hold.
            without: Routes, by index, that are not judged.
        """
        low, high = 0.0, self.saturation
        for _ in range(9):
            rate = (low + high) / 2
            if self._mostly_meets(slo, rate, without):
                low = rate
            else:
                high = rate
        return low

    def curve(self, rates: Sequence[float], quantiles: Sequence[float]) -> list[list[float]]:
        """Simulated response times: for each rate one value per quantile."""
        rows = []
        for rate in rates:
            times = sorted(
                time for _, time in simulate(self.network, self.jobs, rate, _SIMULATED, _SEEDS[0])
            )
            rows.append([quantile(times, q) for q in quantiles])
        return rows

    def _mostly_meets(self, slo: Slo, rate: float, without: frozenset[int]) -> bool:
        """Two simulations of three; the third is made where the others differ."""
        one, two = (self._meets(slo, rate, seed, without) for seed in _SEEDS[:2])
        return one if one == two else self._meets(slo, rate, _SEEDS[2], without)

    def _meets(self, slo: Slo, rate: float, seed: int, without: frozenset[int]) -> bool:
        done = simulate(self.network, self.jobs, rate, _SIMULATED, seed)
        times = sorted(time for route, time in done if route not in without)
        return not times or quantile(times, slo.quantile) <= slo.latency

    def capacities(self, rate: float) -> tuple[Station, ...]:
        """Every resource with its demand, capacity and utilisation at ``rate``, tightest first."""
        full, alone = self.full, self.alone
        if not self.attributed:
            return (_station(Kind.HOST_CPU, full.host, self.available, rate),)
        cpu = full.app
        loop = cpu + alone.blocked
        found = [
            (Kind.HOST_CPU, full.host, self.available),
            (Kind.APP_CPU, cpu, float(self.replicas)),
            (Kind.DB_CPU, full.db_cpu, self.available),
            (Kind.APP_LOCK, self.lock, float(self.replicas)),
            (Kind.DB_POOL, alone.pool_held, float(self.pool * self.replicas)),
        ]
        if self.limited:
            holding = alone.wall - alone.pool_wait + alone.server
            found.append((Kind.APP_THREADS, holding, float(self.population)))
        else:
            found.append((Kind.APP_LOOP, loop if alone.blocked > cpu / 4 else 0.0, self.replicas))
        stations = [
            _station(kind, demand, capacity, rate)
            for kind, demand, capacity in found
            if demand > 0 and capacity > 0
        ]
        return tuple(sorted(stations, key=lambda station: station.bound))

    def less(self, **seconds: float) -> Model:
        """The same model without these seconds of a request that is alone; see ``Demands.less``.

        With every slot busy a second of work takes longer, for threads share the interpreter and
        the processor's caches, and what goes had been stretched like what stays: the same share
        goes there.
        """
        alone = self.alone.less(**seconds)
        return replace(self, alone=alone, full=self.full.shrunk(self.alone, alone))

    def awaited(self, seconds: float) -> Model:
        """The same model where so many seconds of standing still become a wait beside the loop."""
        alone = replace(self.alone, blocked=max(0.0, self.alone.blocked - seconds))
        return replace(self, alone=alone, full=self.full.shrunk(self.alone, alone))

    def losing(self, seconds: float) -> Model:
        """The same model with so many seconds per request that it cannot place."""
        return replace(self, correction=1 / (1 + seconds * self.uncorrected))

    def changed(self, **fields: object) -> Model:
        """The same model with some of its figures changed: what a prediction is made from."""
        return replace(self, **fields)  # type: ignore[arg-type]


def _station(kind: Kind, demand: float, capacity: float, rate: float) -> Station:
    return Station(Resource(kind), demand, capacity, min(1.0, rate * demand / capacity))
