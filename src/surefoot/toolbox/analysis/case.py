"""What a lever is shown: the run, the model built from it, and where the time went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surefoot.core.records import Evidence, Place, Probe, ResourceUse, RouteUse
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.model import Model
from surefoot.toolbox.analysis.settled import Value, default

__all__ = [
    "Case",
    "Spot",
    "busy_sites",
    "collecting",
    "cpu_at",
    "server_at",
    "spots",
    "without",
]


@dataclass(frozen=True, slots=True)
class Case:
    """A diagnosed run, as levers see it."""

    evidence: Evidence
    model: Model
    bottleneck: Resource | None

    @property
    def serial(self) -> Probe:
        """The probe with one request in flight: what a request costs undisturbed."""
        return self.evidence.probes[0]

    @property
    def busy(self) -> Probe:
        """The probe with every slot busy."""
        return self.evidence.probes[-1]

    def setting(self, key: str) -> Value:
        """What a key of the configuration was in this run."""
        return dict(self.evidence.keys).get(key, default(key))

    def whole(self, key: str) -> int:
        """The same of a key that holds a whole number."""
        return int(self.setting(key))

    @property
    def requests(self) -> int:
        """Requests recorded by the serial probe."""
        return max(1, sum(route.requests for route in self.serial.routes))

    def share(self, route: str) -> float:
        """Of the mix that asks for a route."""
        return sum(use.requests for use in self.serial.routes if use.route == route) / self.requests


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of the application's code using one resource for one route."""

    route: RouteUse
    resource: Resource
    place: Place
    requests: int
    """Of the whole mix, for which the route's use is counted."""

    @property
    def per_call(self) -> float:
        """Times per request of its route."""
        return self.place.count / max(1, self.route.requests)

    @property
    def use(self) -> float:
        """Seconds per request of the mix."""
        return self.place.use / self.requests

    @property
    def cpu(self) -> float:
        """CPU seconds per request of the mix."""
        return self.place.cpu / self.requests

    @property
    def share(self) -> float:
        """Of its route's response time."""
        return self.place.use / self.route.wall if self.route.wall else 0.0


def spots(case: Case, *kinds: Kind) -> Iterator[Spot]:
    """Every place that used a resource of these kinds, in the serial probe."""
    for route in case.serial.routes:
        for use in route.resources:
            if use.resource.kind in kinds:
                yield from (Spot(route, use.resource, p, case.requests) for p in _sited(use))


def _sited(use: ResourceUse) -> Iterator[Place]:
    yield from (place for place in use.places if place.use > 0)


def busy_sites(case: Case, route: str) -> dict[str, int]:
    """Lines of the application below which a route was working, with the sampler's counts.

    Only the serial probe's samples count: with several threads at work the sampler runs when one
    of them waits for something, and sees where that is instead of where time goes. Statements are
    work too, for SQLite's is done in the same thread, and around each of them lies that of the
    driver.
    """
    queried = {
        place.site
        for use in case.serial.routes
        if use.route == route
        for resource in use.resources
        if resource.resource.kind in {Kind.DB_CPU, Kind.DB_WAIT}
        for place in resource.places
    }
    counts: dict[str, int] = {}
    for stack in case.serial.stacks:
        if stack.route == route and (
            stack.state == "cpu" or (stack.state == "driver" and stack.site in queried)
        ):
            counts[stack.site] = counts.get(stack.site, 0) + stack.count
    return counts


def cpu_at(case: Case, route: str, site: str) -> float:
    """CPU seconds per request of the mix spent below one line, as the sampler's counts share it."""
    counts = busy_sites(case, route)
    whole = sum(counts.values())
    if not whole:
        return 0.0
    cpu = next((use.cpu for use in case.serial.routes if use.route == route), 0.0)
    return counts.get(site, 0) / whole * cpu / case.requests


def server_at(case: Case, route: str, site: str | None = None) -> float:
    """Seconds of the server's share, per request of the mix, that one line or a whole route causes.

    Where a coroutine hands work to a thread (aiosqlite does for each call), that thread and the
    loop wake up for it outside of the request. Without one such wake-up the server's share was
    1.0 ms, with 254 of them 18.2 ms, 70 us each: it is charged by them, and the request's arrival
    counts as one more.
    """
    if case.model.limited:
        return 0.0
    here = woken = 0
    for use in case.serial.routes:
        for resource in use.resources:
            if resource.resource.kind is Kind.APP_LOOP:
                woken += resource.count
                if use.route == route:
                    here += sum(p.count for p in resource.places if site in {None, p.site})
    return case.model.alone.server * here / (woken + case.requests)


def collecting(probe: Probe) -> float:
    """Seconds of a request that garbage was collected in."""
    recorded = sum(block.recorded for block in probe.blocks)
    return probe.collecting / recorded if recorded else 0.0


def without(model: Model, spot: Spot, share: float) -> Model:
    """The model when a ``share`` of what a place's statements cost goes away.

    An embedded database's CPU was measured in the calling thread. Of a networked one only the
    wait was, and the host's figure for all statements is split in proportion to it.
    """
    demand = model.alone
    db_cpu = spot.cpu
    if spot.resource.kind is Kind.DB_WAIT:
        waited = demand.db_cpu + demand.db_wait
        db_cpu = spot.use * demand.db_cpu / waited if waited else 0.0
    return model.less(
        db_cpu=db_cpu * share,
        db_wait=max(0.0, spot.use - db_cpu) * share,
        held=spot.use * share,
    )
