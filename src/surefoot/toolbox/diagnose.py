"""From the evidence of a run to what it means. No effects here."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Final

from surefoot.core.records import (
    Capacity,
    Diagnosis,
    Evidence,
    Probe,
    RatePoint,
    RouteDiagnosis,
    RouteUse,
    Slo,
    Station,
)
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox import levers
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.analysis.findings import findings, route_findings
from surefoot.toolbox.analysis.fit import demands
from surefoot.toolbox.analysis.model import Model

__all__ = ["bottleneck", "confidence", "diagnose", "too_slow_alone"]

_RESAMPLES: Final = 1000
_ALSO: Final = 0.05
_OWNER: Final = 0.5
_EXPLAINED: Final = 0.05
_EXHAUSTED: Final = 0.85  # of the host's cores, from which on a black box is bounded by them
# Held while other time passes, or already part of the route's CPU.
_NOT_TIME: Final = frozenset({Kind.DB_POOL, Kind.APP_CPU, Kind.APP_THREADS, Kind.APP_LOOP})


def bottleneck(stations: Sequence[Station], cores: float) -> Resource | None:
    """The resource with the highest demand / capacity.

    The host's cores are used by somebody. Where one owner uses more than half of what requests
    use them for, relief lies there, and that owner is named; where neighbours keep most of the
    ``cores`` to themselves, it does not.
    """
    if not stations:
        return None
    tightest = stations[0]
    if tightest.resource.kind is not Kind.HOST_CPU or tightest.capacity < cores / 2:
        return tightest.resource
    owners = [s for s in stations if s.resource.kind in {Kind.APP_CPU, Kind.DB_CPU}]
    for owner in owners:
        if owner.demand > _OWNER * tightest.demand:
            return owner.resource
    return tightest.resource


def confidence(model: Model, first: Probe, last: Probe) -> Counter[Resource]:
    """How often each resource ranks first in resamples of the probes' one-second blocks."""
    chance = random.Random(1)  # noqa: S311 - resampling, not a secret
    votes: Counter[Resource] = Counter()
    for _ in range(_RESAMPLES):
        alone = demands(first, chance.choices(first.blocks, k=len(first.blocks)))
        full = demands(last, chance.choices(last.blocks, k=len(last.blocks)))
        changed = model.changed(alone=alone, full=full)
        named = bottleneck(changed.capacities(0.0), model.cores)
        if named is not None:
            votes[named] += 1
    return votes


def too_slow_alone(probe: Probe, slo: Slo) -> tuple[str, ...]:
    """Routes that miss the SLO with nobody else there, so that no capacity would meet it."""
    return tuple(
        route.route
        for route in probe.routes
        if route.requests >= 5 and (route.p50 if route.requests < 100 else route.p99) > slo.latency
    )


def diagnose(
    evidence: Evidence,
    model: Model,
    capacity: Capacity,
    predicted_slo: float,
    invalid: str,
) -> Diagnosis:
    """Name the bottleneck, say what stands behind it and which change to try first.

    Args:
        evidence: The whole run.
        model: Built from its probes before any rate was searched.
        capacity: What the search found.
        predicted_slo: The simulated rate at the SLO, requests per second.
        invalid: Why the figures mean nothing; empty when they do.
    """
    first, last = evidence.probes[0], evidence.probes[-1]
    stations = model.capacities(capacity.rps)
    if model.attributed:
        named = bottleneck(stations, model.cores)
        votes = confidence(model, first, last)
    else:
        named = next((s.resource for s in stations if s.utilisation >= _EXHAUSTED), None)
        votes = Counter()
    case = Case(evidence, model, named)
    changes, faults = levers.proposals(case) if model.attributed else ((), ())
    also = [r for r, count in votes.most_common() if r != named and count >= _ALSO * _RESAMPLES]
    return Diagnosis(
        valid=not invalid,
        why_invalid=invalid,
        slo=evidence.slo,
        capacity=capacity,
        predicted_saturation=model.saturation,
        predicted_slo=predicted_slo,
        bottleneck=named,
        confidence=votes[named] / _RESAMPLES if named else 0.0,
        also=tuple(also),
        findings=findings(case),
        stations=stations,
        unexplained=unexplained(model, evidence.points, capacity, last.observing),
        routes=_routes(case, first),
        changes=changes,
        notes=(*evidence.notes, *faults),
    )


def unexplained(
    model: Model, points: Sequence[RatePoint], capacity: Capacity, observing: float = 0.0
) -> float:
    """By which share the CPU measured near capacity differs from rate x demands.

    Within 5 % it counts as explained and is 0. The demand at that rate lies between the two
    probes', by the mean number of requests in the application.

    Args:
        model: What explains.
        points: What was measured.
        capacity: Near which.
        observing: Cores of the workers' own telemetry.
    """
    near = [p for p in points if not p.beyond and p.host.app > 0 and p.completed]
    if not near or not capacity.rps:
        return 0.0
    point = min(near, key=lambda p: abs(p.rate - capacity.rps))
    alone, full = model.alone, model.full
    inside = point.throughput * point.p50
    share = min(1.0, max(0.0, (inside - 1) / max(1, full.population - 1)))
    embedded = max(0.0, full.db_cpu - point.host.database / point.completed)
    explained = alone.app + (full.app - alone.app) * share + embedded
    used = point.host.app - observing * point.host.seconds
    off = used / point.completed / explained - 1 if explained else 0.0
    return off if abs(off) > _EXPLAINED else 0.0


def _routes(case: Case, probe: Probe) -> tuple[RouteDiagnosis, ...]:
    requests = max(1, sum(route.requests for route in probe.routes))
    return tuple(_route(case, route, requests) for route in probe.routes)


def _route(case: Case, route: RouteUse, requests: int) -> RouteDiagnosis:
    return RouteDiagnosis(
        route=route.route,
        share=route.requests / requests,
        p50=route.p50,
        p99=route.p99,
        errors=route.errors / route.requests,
        demands=tuple(sorted(_spent(route).items(), key=lambda item: -item[1])),
        findings=route_findings(case, route),
    )


def _spent(route: RouteUse) -> dict[Resource, float]:
    """Seconds per request by resource; they add up to the wall time inside the application."""
    cpu = {Resource(Kind.APP_CPU): route.cpu / route.requests}
    waits: dict[Resource, float] = {}
    for use in route.resources:
        if use.resource.kind in _NOT_TIME:
            continue
        waited = max(0.0, use.wait + use.use - use.cpu) / route.requests
        if use.resource.kind is Kind.DB_CPU:
            _more(cpu, use.resource, use.cpu / route.requests)
            _more(waits, Resource(Kind.DB_WAIT), waited)
        else:
            _more(waits, use.resource, waited)
    left = max(0.0, route.wall / route.requests - sum(cpu.values()))
    # Under asyncio a wait includes the loop's own work on what is awaited, which is CPU already.
    told = sum(waits.values())
    scale = min(1.0, left / told) if told else 0.0
    spent = cpu | {resource: seconds * scale for resource, seconds in waits.items()}
    _more(spent, Resource(Kind.OTHER), left - told * scale)
    return spent


def _more(spent: dict[Resource, float], resource: Resource, seconds: float) -> None:
    if seconds > 0:
        spent[resource] = spent.get(resource, 0.0) + seconds
