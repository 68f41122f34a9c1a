"""Records of single requests to what routes and resources used. Pure arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from surefoot.core.records import Place, Probe, Record, ResourceUse, RouteUse, Shape, Spend
from surefoot.core.resources import Kind, Resource
from surefoot.core.stats import quantile

__all__ = ["Costs", "costs", "lock_waits", "routes", "shape", "timed", "total"]

_NS: Final = 1e-9
_OUTSIDE: Final = frozenset({Kind.HTTP, Kind.SMTP, Kind.PROCESS, Kind.CACHE, Kind.QUEUE})
_DATABASE: Final = frozenset({Kind.DB_CPU, Kind.DB_WAIT, Kind.DB_LOCK})
_SHAPES: Final = 400  # per route; a p99 of the mix needs some hundreds to choose from
_PLACES: Final = 12  # per resource and route; what a reader looks at is the first few


@dataclass(frozen=True, slots=True)
class Costs:
    """What one request, or many in total, used: seconds."""

    wall: float = 0.0
    cpu: float = 0.0
    db_cpu: float = 0.0
    db_wait: float = 0.0
    pool_wait: float = 0.0
    pool_held: float = 0.0
    loop: float = 0.0
    outside: float = 0.0


def costs(record: Record) -> Costs:
    """One record in the terms of the model.

    An embedded database (``db.cpu`` spends) works in the calling thread outside the interpreter's
    lock, so its CPU is taken out of the application's; a networked one (``db.wait`` spends) works
    in processes of its own, and the CPU seen here is the client library's, the application's own.
    """
    embedded = wait = outside = pool_wait = pool_held = 0
    for spend in record.spends:
        kind = spend.resource.kind
        if kind is Kind.DB_CPU:
            embedded += spend.cpu_ns
        if kind in _DATABASE:
            wait += max(0, spend.use_ns - spend.cpu_ns)
        elif kind is Kind.DB_POOL:
            pool_wait += spend.wait_ns
            pool_held += spend.use_ns
        elif kind in _OUTSIDE:
            outside += max(0, spend.use_ns - spend.cpu_ns)
    return Costs(
        wall=record.wall_ns * _NS,
        cpu=max(0, record.cpu_ns - embedded) * _NS,
        db_cpu=embedded * _NS,
        db_wait=wait * _NS,
        pool_wait=pool_wait * _NS,
        pool_held=pool_held * _NS,
        loop=record.loop_ns * _NS,
        outside=outside * _NS,
    )


def total(parts: Iterable[Costs]) -> Costs:
    """The sum, field by field."""
    sums = [0.0] * len(Costs.__slots__)
    for part in parts:
        for index, name in enumerate(Costs.__slots__):
            sums[index] += getattr(part, name)
    return Costs(*sums)


def shape(record: Record) -> Shape:
    """One record as the simulation replays it."""
    cost = costs(record)
    delay = max(0.0, cost.wall - cost.cpu - cost.db_cpu - cost.pool_wait)
    return Shape(
        cpu=cost.cpu,
        db_cpu=cost.db_cpu,
        delay=delay,
        pool_held=min(cost.pool_held, cost.wall),
        blocked=min(delay, max(0.0, cost.loop - cost.cpu)),
    )


def routes(records: Sequence[Record]) -> tuple[RouteUse, ...]:
    """All records by route, the route with most time first."""
    grouped: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        grouped[record.name].append(record)
    uses = [_route(name, group) for name, group in grouped.items()]
    return tuple(sorted(uses, key=lambda use: -use.wall))


def timed(name: str, responses: Sequence[float], cpu: float) -> RouteUse:
    """A route of which only response times, and the mean CPU of a request, are known."""
    ordered = sorted(responses)
    step = max(1, len(ordered) // _SHAPES)
    return RouteUse(
        route=name,
        requests=len(ordered),
        errors=0,
        p50=quantile(ordered, 0.5),
        p99=quantile(ordered, 0.99),
        wall=sum(ordered),
        cpu=min(cpu * len(ordered), sum(ordered)),
        queued=0.0,
        loop=0.0,
        resources=(),
        shapes=tuple(
            Shape(min(cpu, time), 0.0, max(0.0, time - cpu), 0.0, 0.0) for time in ordered[::step]
        ),
    )


def _route(name: str, records: list[Record]) -> RouteUse:
    walls = sorted(record.wall_ns * _NS for record in records)
    summed = total(map(costs, records))
    step = max(1, len(records) // _SHAPES)
    return RouteUse(
        route=name,
        requests=len(records),
        errors=sum(record.status >= 500 for record in records),
        p50=quantile(walls, 0.5),
        p99=quantile(walls, 0.99),
        wall=summed.wall,
        cpu=summed.cpu,
        queued=sum(record.queued_ns for record in records) * _NS,
        loop=summed.loop,
        resources=_resources(spend for record in records for spend in record.spends),
        shapes=tuple(shape(record) for record in records[::step]),
    )


def _resources(spends: Iterable[Spend]) -> tuple[ResourceUse, ...]:
    places: dict[Resource, dict[tuple[str, str], list[int]]] = defaultdict(dict)
    for spend in spends:
        at = places[spend.resource].setdefault((spend.site, spend.what), [0, 0, 0, 0])
        at[0] += spend.count
        at[1] += spend.wait_ns
        at[2] += spend.use_ns
        at[3] += spend.cpu_ns
    uses = [_resource(resource, by_place) for resource, by_place in places.items()]
    return tuple(sorted(uses, key=lambda use: -(use.wait + use.use)))


def _resource(resource: Resource, by_place: dict[tuple[str, str], list[int]]) -> ResourceUse:
    found = [
        Place(site, what, count, wait * _NS, use * _NS, cpu * _NS)
        for (site, what), (count, wait, use, cpu) in by_place.items()
    ]
    found.sort(key=lambda place: -(place.wait + place.use))
    return ResourceUse(
        resource=resource,
        count=sum(place.count for place in found),
        wait=sum(place.wait for place in found),
        use=sum(place.use for place in found),
        cpu=sum(place.cpu for place in found),
        places=tuple(found[:_PLACES]),
    )


def lock_waits(probe: Probe, sampled: float) -> dict[tuple[str, str], float]:
    """Seconds that requests waited for locks of their own process, by route and line.

    Threads' locks are seen by the sampler, ``sampled`` seconds apart; those of asyncio are told by
    their hook.
    """
    waits: dict[tuple[str, str], float] = defaultdict(float)
    for stack in probe.stacks:
        if stack.state == "lock" and stack.route:
            waits[stack.route, stack.site] += stack.count * sampled
    for route in probe.routes:
        for use in route.resources:
            if use.resource.kind is Kind.APP_LOCK:
                for place in use.places:
                    waits[route.route, place.site] += place.wait
    return dict(waits)
