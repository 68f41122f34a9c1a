"""A plan as a JSON document with a versioned schema."""

from __future__ import annotations

import math
from typing import Any, Final

from surefoot import __version__
from surefoot.toolbox.plan.arithmetic import Sizing, Slots
from surefoot.toolbox.plan.plan import Buy, Plan, RunsOut
from surefoot.toolbox.plan.usl import Fit

__all__ = ["SCHEMA", "plan_document"]

SCHEMA: Final = 1


def plan_document(plan: Plan) -> dict[str, Any]:
    """The whole plan; keys are only ever added within one ``schema``."""
    measured, capacity = plan.measured, plan.measured.capacity
    return {
        "schema": SCHEMA,
        "surefoot": __version__,
        "target": measured.target,
        "rate": plan.wanted.rate,
        "growth_per_month": round(plan.growth, 6),
        "from": measured.source,
        "capacity": {"rps": capacity.rps, "low": capacity.low, "high": capacity.high},
        "measured_replicas": measured.replicas,
        "utilisation": {"wanted": plan.wanted.target, "planned": round(plan.sizing.target, 4)},
        "surge": plan.wanted.surge,
        **_sizing(plan.sizing),
        "replicas_at_best": plan.best.replicas,
        "connections": _connections(plan),
        "resources": [_runs_out(one) for one in plan.runs_out],
        "next": [_buy(buy) for buy in plan.buys],
        "curve": _curve(plan.curve),
        "notes": list(plan.notes),
    }


def _sizing(sizing: Sizing) -> dict[str, Any]:
    hosts = sizing.hosts
    return {
        "replica_rps": _rate(sizing.replica_rate),
        "replicas": sizing.replicas,
        "replicas_carrying": sizing.carrying,
        "hosts": {
            "carrying": hosts.carrying,
            "with_one_lost": hosts.spare,
            "replicas_with_one_lost": hosts.replicas,
            "rps": _rate(hosts.rate),
        },
        "threads": _slots(sizing.threads),
        "pool": _slots(sizing.pool),
    }


def _slots(slots: Slots) -> dict[str, Any]:
    return {"count": slots.count, "busy": round(slots.busy, 3), "least": slots.least}


def _connections(plan: Plan) -> dict[str, Any]:
    found = plan.sizing.connections
    return {
        "per_replica": found.each,
        "steady": found.steady,
        "deploying": found.deploying,
        "max_connections": plan.room.most,
        "reserved": plan.room.reserved,
        "source": plan.room.source,
        "fit": found.fit,
        "replicas_that_fit": found.fitting if found.each else None,
    }


def _runs_out(one: RunsOut) -> dict[str, Any]:
    return {
        "name": one.limit.name,
        "rps": _rate(one.limit.rate),
        "used": _rate(one.limit.busy),
        "grows_with": one.limit.grows or None,
        "months": None if math.isinf(one.months) else round(one.months, 1),
        "month": one.day.strftime("%Y-%m") if one.day else None,
    }


def _buy(buy: Buy) -> dict[str, Any]:
    return {
        "lever": buy.lever,
        "where": buy.where,
        "how": buy.how,
        "predicted_gain": buy.gain,
        "replicas_saved": buy.replicas,
        "hosts_saved": buy.hosts,
    }


def _curve(curve: Fit | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    names = ("single", "contention", "coherency", "peak")
    told = {name: curve.interval(name) for name in names}
    last = max(count for count, _ in curve.points)
    return {
        **{
            name: {"value": _rate(one.value), "low": _rate(one.low), "high": _rate(one.high)}
            for name, one in told.items()
        },
        "points": [{"replicas": count, "rps": rate} for count, rate in curve.points],
        "at": [
            {
                "replicas": count,
                "rps": _rate(at.value),
                "low": _rate(at.low),
                "high": _rate(at.high),
            }
            for count in range(1, 2 * last + 1)
            for at in [curve.at(count)]
        ],
    }


def _rate(rate: float) -> float | None:
    return None if math.isinf(rate) else round(rate, 4)
