"""A plan: what a rate needs, when it is outgrown, what the next change would save."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from surefoot.core.resources import Kind
from surefoot.toolbox.plan.arithmetic import (
    CONNECTIONS,
    Limit,
    Sizing,
    Wanted,
    limits,
    size,
)
from surefoot.toolbox.plan.connections import Room
from surefoot.toolbox.plan.growth import date_after, months_until
from surefoot.toolbox.plan.measured import Measured
from surefoot.toolbox.plan.usl import Fit, fit

__all__ = ["Buy", "Plan", "RunsOut", "make_plan"]

_BUYS: Final = 5
_NEIGHBOURS: Final = 0.1


@dataclass(frozen=True, slots=True)
class RunsOut:
    """One resource, and when growth has used it up."""

    limit: Limit
    months: float
    """Infinite where it never is."""
    day: date | None


@dataclass(frozen=True, slots=True)
class Buy:
    """What one more change would make of the plan, if its prediction holds."""

    lever: str
    where: str
    how: str
    gain: float
    replicas: int
    hosts: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole answer."""

    measured: Measured
    wanted: Wanted
    room: Room
    sizing: Sizing
    best: Sizing
    """The same from the upper end of the capacity's interval."""
    growth: float
    """Per month, compounded."""
    runs_out: tuple[RunsOut, ...]
    buys: tuple[Buy, ...]
    curve: Fit | None
    """Throughput by replicas on one host, where they were varied."""
    notes: tuple[str, ...]


def make_plan(
    runs: Sequence[Measured], wanted: Wanted, room: Room, growth: float, today: date
) -> Plan:
    """Make the plan from the first of the runs; the others only bend the curve.

    Args:
        runs: One or more measurements of the same application.
        wanted: The rate and how much room to leave.
        room: What the database takes.
        growth: Of the rate, per month.
        today: When the growth starts.

    Raises:
        UsageError: Several runs were given, and too few of them for a curve.
    """
    measured = runs[0]
    curve = fit([(run.replicas, run.capacity.rps) for run in runs]) if len(runs) > 1 else None
    wanted = replace(wanted, most_on_a_host=_most(curve)) if curve else wanted
    sizing = size(measured, wanted)
    return Plan(
        measured=measured,
        wanted=wanted,
        room=room,
        sizing=sizing,
        best=size(measured, wanted, best=True),
        growth=growth,
        runs_out=tuple(
            _runs_out(one, wanted.rate, growth, today) for one in limits(measured, wanted, sizing)
        ),
        buys=_buys(measured, wanted, sizing),
        curve=curve,
        notes=tuple(_notes(measured, wanted, sizing, curve)),
    )


def _most(curve: Fit) -> float:
    """What one host carries at most by the curve, no farther than twice what was tried."""
    tried = max(count for count, _ in curve.points)
    return max(curve.at(count).low for count in range(1, 2 * tried + 1))


def _runs_out(limit: Limit, rate: float, growth: float, today: date) -> RunsOut:
    months = months_until(limit.rate, rate, growth)
    return RunsOut(limit, months, date_after(today, months))


def _buys(measured: Measured, wanted: Wanted, now: Sizing) -> tuple[Buy, ...]:
    found = []
    for option in measured.options[:_BUYS]:
        if option.gain <= 1 or option.lever == "replicas":  # which the plan counts itself
            continue
        then = size(measured, wanted, gain=option.gain)
        found.append(
            Buy(
                option.lever,
                option.where,
                option.how,
                option.gain,
                now.replicas - then.replicas,
                now.hosts.carrying - then.hosts.carrying,
            )
        )
    return tuple(found)


def _notes(measured: Measured, wanted: Wanted, sizing: Sizing, curve: Fit | None) -> list[str]:
    notes, host = [], measured.need(Kind.HOST_CPU)
    if sizing.target < wanted.target:
        notes.append(
            f"the SLO was kept only up to {sizing.target:.0%} of the tightest resource, so that "
            f"counts and not the target of {wanted.target:.0%}"
        )
    if measured.embedded and sizing.hosts.spare > 1:
        notes.append(
            "the database is a file on this host: several hosts cannot share it; "
            "move it to a server before the second host"
        )
    elif measured.need(Kind.DB_CPU) is not None:
        notes.append("the database is counted as a machine of its own, of this size")
    neighbours = measured.cores - host.capacity if host is not None else 0.0
    if neighbours > _NEIGHBOURS * measured.cores:
        notes.append(
            f"other programs kept {neighbours:.1f} of {measured.cores:g} cores busy while it was "
            "measured; a host is counted with all of its cores"
        )
    if measured.interface == "url":
        notes.append("measured from outside: a replica is what listens at that address")
    if measured.pool == 0 and sizing.connections.each:
        notes.append(
            f"no pool was seen, so each of the {measured.slots} slots may hold a connection"
        )
    if curve is not None and curve.law.peak < math.inf:
        notes.append(
            f"on one host more than {curve.law.peak:.0f} replicas do less, by the fitted curve"
        )
    if measured.outside:
        notes.append(f"taken to keep up with the rate: {', '.join(measured.outside)}")
    notes += [
        f"{limit.name} carries {limit.rate:.0f}/s as measured: the rate takes "
        f"{wanted.rate / limit.rate:.1f} times as much of it, or requests that need less"
        for limit in limits(measured, wanted, sizing)
        if not limit.grows and 0 < limit.rate < wanted.rate and limit.name != CONNECTIONS
    ]
    return notes
