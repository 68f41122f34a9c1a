"""How many of what a rate needs. Arithmetic alone: no clock, no database.

Every resource may be busy up to one share of its time: the target, or less where the SLO was kept
only up to less. What a replica brings along (its interpreter, threads, lock, pool) grows with the
replicas, the cores grow with the hosts, a database of its own does not grow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.plan.measured import Measured

__all__ = [
    "CONNECTIONS",
    "Connections",
    "Hosts",
    "Limit",
    "Sizing",
    "Slots",
    "Wanted",
    "effective",
    "limits",
    "per_replica",
    "size",
]

_OF_A_REPLICA: Final = frozenset(
    {Kind.APP_CPU, Kind.APP_THREADS, Kind.APP_LOOP, Kind.APP_LOCK, Kind.DB_POOL}
)
CONNECTIONS: Final = "database connections"
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a plan is asked for."""

    rate: float
    """Requests per second."""
    target: float = 0.7
    """Share of its time that the tightest resource may be busy."""
    surge: int = 1
    """Replicas that run beside the others while a new release takes over."""
    most_connections: int = 100
    """The database's ``max_connections``."""
    reserved: int = 3
    """Connections that it keeps for its own administrator."""
    most_on_a_host: float = math.inf
    """Requests per second that one host carries at most, by a fitted curve."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Threads or connections of one replica."""

    count: int
    """As they were measured; 0 where there are none."""
    busy: float
    """How many of them are in use on average when a replica carries all it may."""
    least: int
    """How many would do at the target."""


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections at the database."""

    each: int
    """Of one replica; 0 where no server is asked."""
    steady: int
    deploying: int
    """While a new release takes over."""
    free: int
    """What the database has for them."""
    fitting: int
    """Replicas whose connections fit, the surge counted."""

    @property
    def fit(self) -> bool:
        """Whether all that is planned for fits."""
        return self.deploying <= self.free


@dataclass(frozen=True, slots=True)
class Hosts:
    """Machines like the measured one."""

    rate: float
    """Requests per second that one of them carries."""
    carrying: int
    """How many carry the rate."""
    spare: int
    """How many still carry it when one is lost."""
    replicas: int
    """On all of those, so that enough are left on the others."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """What the rate needs."""

    target: float
    """Share of its time that the tightest resource will be busy at most."""
    replica_rate: float
    """Requests per second that one replica carries."""
    carrying: int
    """Replicas that carry the rate."""
    replicas: int
    """One more."""
    hosts: Hosts
    threads: Slots
    pool: Slots
    connections: Connections


@dataclass(frozen=True, slots=True)
class Limit:
    """The rate at which one resource of the plan runs out."""

    name: str
    rate: float
    """Requests per second at which it is as busy as it may be, with one replica or host lost."""
    busy: float
    """Share of what it may give that the planned rate uses; above 1 it is out already."""
    grows: str
    """What brings more of it: ``"replicas"``, ``"hosts"`` or empty."""


def effective(measured: Measured, target: float, *, best: bool = False) -> float:
    """How busy the tightest resource may be: the target, or where the SLO stopped being kept.

    Args:
        measured: The run.
        target: What is wanted.
        best: Take the upper end of the capacity's interval, not the lower.
    """
    tightest = min((need.bound for need in measured.needs), default=math.inf)
    rate = measured.capacity.high if best else measured.capacity.low
    kept = rate / tightest if math.isfinite(tightest) and tightest > 0 else 1.0
    return min(target, kept)


def per_replica(measured: Measured, target: float, *, best: bool = False) -> float:
    """Requests per second of one replica: what its own resources allow, and no more than it did.

    Args:
        measured: The run.
        target: How busy its tightest resource may be.
        best: Take the upper end of the capacity's interval, not the lower.
    """
    own = [need.bound for need in measured.needs if need.resource.kind in _OF_A_REPLICA]
    if not own:  # a black box shows its host alone
        own = [need.bound for need in measured.needs]
    seen = measured.capacity.high if best else measured.capacity.low
    return min(effective(measured, target, best=best) * min(own), seen) / measured.replicas


def size(measured: Measured, wanted: Wanted, *, gain: float = 1.0, best: bool = False) -> Sizing:
    """Count replicas, hosts, threads and connections for a rate.

    Args:
        measured: The run that tells what a request needs.
        wanted: The rate and how much room to leave.
        gain: What every replica and host would carry more after a change, 1 or above.
        best: Take the upper end of the capacity's interval, not the lower.
    """
    busy = effective(measured, wanted.target, best=best)
    each = per_replica(measured, wanted.target, best=best) * gain
    carrying = _ceil(wanted.rate / each)
    replicas = carrying + 1
    return Sizing(
        target=busy,
        replica_rate=each,
        carrying=carrying,
        replicas=replicas,
        hosts=_hosts(_host_rate(measured, wanted, busy) * gain, wanted.rate, carrying),
        threads=_slots(measured, Kind.APP_THREADS, measured.slots, each, busy),
        pool=_slots(measured, Kind.DB_POOL, measured.pool, each, busy),
        connections=_connections(measured, wanted, replicas),
    )


def _hosts(rate: float, wanted: float, needed: int) -> Hosts:
    carrying = _ceil(wanted / rate)
    spare = carrying + 1
    # Spread evenly, the lost host takes its share; enough have to be left on the others.
    on_each = _ceil(needed / carrying)
    return Hosts(rate, carrying, spare, on_each * spare)


def _host_rate(measured: Measured, wanted: Wanted, busy: float) -> float:
    """Of one host: its cores over what the stack needs of them, users and database elsewhere."""
    host = measured.need(Kind.HOST_CPU)
    curve = wanted.most_on_a_host * busy / effective(measured, 1.0)
    if host is None:
        return curve
    demand = host.demand - measured.generator
    database = measured.need(Kind.DB_CPU)
    if database is not None and not measured.embedded:
        demand -= database.demand
    return min(curve, busy * measured.cores / max(demand, host.demand * 0.01))


def _slots(measured: Measured, kind: Kind, count: int, rate: float, busy: float) -> Slots:
    need = measured.need(kind)
    if need is None or not count:
        return Slots(count, 0.0, count)
    used = rate * need.demand
    return Slots(count, used, min(count, _ceil(used / busy)))


def _connections(measured: Measured, wanted: Wanted, replicas: int) -> Connections:
    free = max(0, wanted.most_connections - wanted.reserved)
    if measured.embedded or not measured.database:
        return Connections(0, 0, 0, free, 0)
    each = measured.pool or measured.slots
    deploying = each * (replicas + wanted.surge)
    return Connections(each, each * replicas, deploying, free, max(0, free // each - wanted.surge))


def limits(measured: Measured, wanted: Wanted, sizing: Sizing) -> tuple[Limit, ...]:
    """At which rate each resource of the plan runs out, the first one first."""
    found = [_limit(need.resource, measured, wanted, sizing) for need in measured.needs]
    connections = sizing.connections
    if connections.each:
        rate = max(0, connections.fitting - 1) * sizing.replica_rate
        used = connections.deploying / connections.free if connections.free else math.inf
        found.append(Limit(CONNECTIONS, rate, used, ""))
    return tuple(sorted((limit for limit in found if limit), key=lambda limit: limit.rate))


def _limit(resource: Resource, measured: Measured, wanted: Wanted, sizing: Sizing) -> Limit | None:
    need = measured.need(resource.kind)
    if need is None or need.bound == math.inf:
        return None
    if resource.kind is Kind.HOST_CPU:
        rate = sizing.hosts.rate * (sizing.hosts.spare - 1)
        return _told(resource, rate, wanted.rate, "hosts")
    if resource.kind in _OF_A_REPLICA:
        each = sizing.target * need.bound / measured.replicas
        return _told(resource, each * (sizing.replicas - 1), wanted.rate, "replicas")
    if measured.embedded:
        return None  # inside the workers, and counted with the host's cores
    cores = sizing.target * measured.cores / need.demand
    return _told(resource, cores, wanted.rate, "")


def _told(resource: Resource, rate: float, wanted: float, grows: str) -> Limit:
    return Limit(str(resource), rate, wanted / rate, grows)


def _ceil(value: float) -> int:
    """Rounded up to 1 or more; what a float's last digit adds is no replica."""
    return max(1, math.ceil(value - _ROUNDING * max(1.0, value)))
