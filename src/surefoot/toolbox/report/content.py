"""The page's middle: changes, resources, routes, evidence, points; as rows ready to be set."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from surefoot.core.records import (
    Change,
    CodeEdit,
    ConfigEdit,
    Diagnosis,
    Evidence,
    Finding,
    RatePoint,
    Station,
)
from surefoot.toolbox.report import plots, quantity, wording
from surefoot.toolbox.report.bars import gauge

__all__ = [
    "Card",
    "PointRow",
    "Proof",
    "ResourceRow",
    "cards",
    "owner",
    "points",
    "proofs",
    "resources",
]

Segments = tuple[tuple[bool, str], ...]
"""Text in pieces, each with whether it is code."""


@dataclass(frozen=True, slots=True)
class Card:
    """One change to try."""

    gain: str
    lever: str
    where: str
    how: Segments
    arithmetic: Segments
    relieves: str
    risk: str
    on: str
    """What it is decided on."""
    needs: tuple[str, ...] = ()
    action: tuple[tuple[str, str, str], ...] = ()
    """What to type or edit: a word, the code, and a remark each."""


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One station of the model."""

    name: str
    called: str
    bar: str
    busy: str
    demand: str
    capacity: str
    bound: str
    is_bottleneck: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """One line of evidence."""

    text: Segments
    place: str
    share: str


@dataclass(frozen=True, slots=True)
class PointRow:
    """One rate that was held."""

    symbol: str
    verdict: str
    rate: str
    seconds: str
    completed: str
    errors: str
    p50: str
    judged: str
    interval: str
    why: str = field(default="")


def cards(diagnosis: Diagnosis) -> tuple[Card, ...]:
    """Every change, best prediction first."""
    return tuple(_card(change) for change in diagnosis.changes)


def _card(change: Change) -> Card:
    return Card(
        gain=quantity.times(change.predicted_gain),
        lever=change.lever,
        where=change.where,
        how=_segments(change.how[:1].upper() + change.how[1:]),
        arithmetic=_segments(change.arithmetic),
        relieves=str(change.relieves),
        risk=change.risk,
        on=", ".join(change.on),
        needs=change.preconditions,
        action=tuple(_action(change)),
    )


def _action(change: Change) -> list[tuple[str, str, str]]:
    action = change.action
    if isinstance(action, tuple):
        return [_edit(edit) for edit in action]
    if isinstance(action, CodeEdit):
        rows = [("Edit", f"{action.file}:{action.line}", action.advice)]
        return rows + ([("As", action.diff, "")] if action.diff else [])
    return [("Do", action.forward, ""), ("Undo", action.inverse, "")]


def _edit(edit: ConfigEdit) -> tuple[str, str, str]:
    before = "not set" if edit.before is None else json.dumps(edit.before)
    return "surefoot.toml", f"{edit.key} = {json.dumps(edit.after)}", f"was {before}"


def resources(diagnosis: Diagnosis) -> tuple[ResourceRow, ...]:
    """Every station, the tightest first, with how busy it is at the capacity.

    Where no rate met the SLO, the bars show the rate at which the tightest is used up.
    """
    stations = diagnosis.stations
    tightest = min((station.bound for station in stations), default=math.inf)
    return tuple(_resource(station, diagnosis, tightest) for station in stations)


def owner(diagnosis: Diagnosis) -> str:
    """Why the bottleneck is not the tightest resource, where it is not; else empty."""
    named = diagnosis.bottleneck
    if not diagnosis.stations or named is None:
        return ""
    tightest = diagnosis.stations[0].resource
    if tightest == named:
        return ""
    return f"{tightest} is the tightest, and {named} uses most of it: relief lies there."


def _resource(station: Station, diagnosis: Diagnosis, tightest: float) -> ResourceRow:
    named = diagnosis.bottleneck
    busy = station.utilisation
    if not diagnosis.capacity.rps:
        busy = tightest / station.bound if station.bound < math.inf else 0.0
    label = f"{station.resource}: {quantity.share(busy)} busy"
    return ResourceRow(
        name=str(station.resource),
        called=wording.called(station.resource),
        bar=gauge(busy, wording.colour(station.resource), label),
        busy=quantity.share(busy),
        demand=quantity.latency(station.demand),
        capacity=wording.amount(station.resource, station.capacity),
        bound=quantity.per_second(station.bound),
        is_bottleneck=station.resource == named,
    )


def proofs(findings: Sequence[Finding]) -> tuple[Proof, ...]:
    """Lines of evidence with the place each points at."""
    return tuple(
        Proof(
            _segments(finding.text),
            f"{finding.file}:{finding.line}" if finding.file else "",
            quantity.share(finding.share) if finding.share else "",
        )
        for finding in findings
    )


def points(evidence: Evidence) -> tuple[PointRow, ...]:
    """Every rate that was held, lowest first."""
    return tuple(map(_point, sorted(evidence.points, key=lambda point: point.rate)))


_VERDICTS = {
    "pass": "meets the SLO",
    "fail": "misses it",
    "undecided": "undecided",
    "beyond": "beyond saturation, on purpose",
    "invalid": "invalid",
}


def _point(point: RatePoint) -> PointRow:
    kind = plots.verdict(point)
    high = quantity.latency(point.high) if math.isfinite(point.high) else "more"
    return PointRow(
        symbol=kind,
        verdict=_VERDICTS.get(kind, kind),
        rate=quantity.per_second(point.rate),
        seconds=f"{point.seconds:.0f} s",
        completed=f"{point.completed:,}",
        errors=f"{point.errors:,}",
        p50=quantity.latency(point.p50),
        judged=f"{quantity.quantile_name(point.judged)} {quantity.latency(point.quantile)}",
        interval=f"{quantity.latency(point.low)} to {high}",
        why=point.why_invalid if not point.valid else point.why,
    )


def _segments(text: str) -> Segments:
    """Text cut at its backticks: every second piece is code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return ((False, text),)
    return tuple((bool(index % 2), piece) for index, piece in enumerate(pieces) if piece)
