"""The page's routes: where the time of a request of each goes, and how much of the bottleneck."""

from __future__ import annotations

import math
from dataclasses import dataclass

from surefoot.core.records import Diagnosis, RouteDiagnosis
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.report import quantity, wording
from surefoot.toolbox.report.bars import Part, stacked
from surefoot.toolbox.report.content import Proof, proofs

__all__ = ["Legend", "RouteRow", "legend", "routes"]


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One route of the application."""

    route: str
    share: str
    work: str
    """Its share of the bottleneck's work; empty where that cannot be told."""
    p50: str
    p99: str
    errors: str
    total: str
    bar: str
    demands: tuple[tuple[str, str, str], ...]
    """Colour, name and time."""
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Legend:
    """A colour and what it stands for."""

    colour: str
    name: str
    called: str
    waiting: bool


def routes(diagnosis: Diagnosis) -> tuple[RouteRow, ...]:
    """Every route, the one with most of the bottleneck's work first."""
    named = diagnosis.bottleneck
    work = [route.share * _demand(route, named) for route in diagnosis.routes]
    whole = math.fsum(work)
    longest = max((_total(route) for route in diagnosis.routes), default=0.0)
    order = sorted(zip(work, diagnosis.routes, strict=True), key=lambda pair: -pair[0])
    return tuple(
        _route(route, quantity.share(part / whole) if whole else "", longest)
        for part, route in order
    )


def _demand(route: RouteDiagnosis, named: Resource | None) -> float:
    """Seconds of the bottleneck that a request of the route takes; all its time where none is."""
    if named is None:
        return _total(route)
    wanted = {named}
    if named.kind is Kind.HOST_CPU:
        wanted = {Resource(Kind.APP_CPU), Resource(Kind.DB_CPU)}
    return math.fsum(seconds for resource, seconds in route.demands if resource in wanted)


def _total(route: RouteDiagnosis) -> float:
    return math.fsum(seconds for _, seconds in route.demands)


def _route(route: RouteDiagnosis, work: str, longest: float) -> RouteRow:
    parts = [
        Part(
            kind=wording.colour(resource),
            size=seconds,
            title=f"{resource} {quantity.latency(seconds)}: {wording.called(resource)}",
            striped=wording.is_waiting(resource),
        )
        for resource, seconds in sorted(route.demands)
    ]
    said = ", ".join(f"{res} {quantity.latency(seconds)}" for res, seconds in route.demands)
    return RouteRow(
        route=route.route,
        share=quantity.share(route.share),
        work=work,
        p50=quantity.latency(route.p50),
        p99=quantity.latency(route.p99),
        errors=quantity.share(route.errors),
        total=quantity.latency(_total(route)),
        bar=stacked(parts, longest, f"{route.route}: {said or 'nothing measured'}"),
        demands=tuple(
            (wording.colour(resource), str(resource), quantity.latency(seconds))
            for resource, seconds in route.demands
        ),
        proofs=proofs(route.findings),
    )


def legend(diagnosis: Diagnosis) -> tuple[Legend, ...]:
    """Every resource that appears in the routes' bars, once."""
    seen = sorted({resource for route in diagnosis.routes for resource, _ in route.demands})
    return tuple(
        Legend(
            wording.colour(resource),
            str(resource),
            wording.called(resource),
            wording.is_waiting(resource),
        )
        for resource in seen
    )
