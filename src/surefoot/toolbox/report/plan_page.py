"""A plan as one page to look at: no other file, no network, no script."""

from __future__ import annotations

import math

from surefoot.core.records import Capacity
from surefoot.toolbox.plan.plan import Buy, Plan, RunsOut
from surefoot.toolbox.report import quantity, validity
from surefoot.toolbox.report.environment import render
from surefoot.toolbox.report.headline import Tile
from surefoot.toolbox.report.plan_plots import curve_plot, growth_plot, rate_plot
from surefoot.toolbox.report.plan_screen import until

__all__ = ["plan_page"]


def plan_page(plan: Plan, origin: validity.Origin | None = None) -> str:
    """The page, as HTML.

    Args:
        plan: What to show.
        origin: Where and when it was made; this machine, now, where not given.
    """
    origin = origin or validity.here()
    measured = plan.measured
    return render(
        "plan.html.jinja",
        title=f"{measured.target}: what {quantity.per_second(plan.wanted.rate)} needs",
        brand=f"planned {origin.written:%Y-%m-%d %H:%M} UTC on {origin.system}",
        heading=measured.target,
        banners=_banners(plan),
        lead=_lead(plan),
        tiles=_tiles(plan),
        plan=plan,
        rates=rate_plot(plan),
        growth=growth_plot(plan),
        curve=curve_plot(plan.curve),
        resources=[_resource(plan, one) for one in plan.runs_out],
        buys=[_buy(buy) for buy in plan.buys],
        law=_law(plan),
        notes=plan.notes,
        facts=_facts(plan),
    )


def _banners(plan: Plan) -> list[tuple[str, str]]:
    found = plan.sizing.connections
    if not found.each or found.fit:
        return []
    told = (
        f"{found.deploying} are needed while a new release takes over and the database has "
        f"{found.free} for them, enough for {found.fitting} replicas. Make the pools smaller, or "
        "put PgBouncer in between."
    )
    return [("Too many connections", told)]


def _lead(plan: Plan) -> str:
    sizing = plan.sizing
    return (
        f"{quantity.per_second(plan.wanted.rate)} need {sizing.carrying} replicas, and one more "
        f"so that one may be lost; the tightest resource is then at most "
        f"{quantity.share(sizing.target)} busy."
    )


def _tiles(plan: Plan) -> tuple[Tile, ...]:
    sizing, hosts = plan.sizing, plan.sizing.hosts
    best = f"{plan.best.replicas} at the upper end of the capacity's interval"
    connections = sizing.connections
    tiles = [
        Tile(
            "Replicas",
            str(sizing.replicas),
            "one in reserve",
            f"{quantity.per_second(sizing.replica_rate)} each",
            best if plan.best.replicas != sizing.replicas else "",
        ),
        Tile(
            "Hosts like it",
            str(hosts.carrying),
            "",
            f"{hosts.spare} if one may be lost, with {hosts.replicas} replicas",
            f"one carries {quantity.per_second(hosts.rate)}",
        ),
    ]
    if connections.each:
        tiles.append(
            Tile(
                "Connections",
                str(connections.deploying),
                f"of {connections.free}",
                f"{connections.steady} but while a new release takes over",
                f"{connections.each} of each replica",
            )
        )
    else:
        tiles.append(Tile("Connections", "None", "", "no database server is asked"))
    return tuple(tiles)


def _resource(plan: Plan, one: RunsOut) -> dict[str, str | bool]:
    when = until(one) if plan.growth else ("too little already" if one.months == 0 else "")
    grows = {"replicas": "more replicas", "hosts": "more hosts", "": "nothing of this plan"}
    return {
        "name": one.limit.name,
        "rate": quantity.per_second(one.limit.rate),
        "when": when,
        "grows": grows[one.limit.grows],
        "out": one.months == 0,
    }


def _buy(buy: Buy) -> dict[str, str]:
    return {
        "gain": quantity.times(buy.gain),
        "lever": buy.lever,
        "where": buy.where,
        "how": buy.how[:1].upper() + buy.how[1:],
        "replicas": str(buy.replicas),
        "hosts": str(buy.hosts),
    }


def _law(plan: Plan) -> list[tuple[str, str]]:
    if plan.curve is None:
        return []
    names = {
        "single": "one replica, requests per second",
        "contention": "contention, the share only one can do at a time",
        "coherency": "coherency, the cost of each pair that has to agree",
        "peak": "replicas past which more do less",
    }
    found = []
    for name, said in names.items():
        one = plan.curve.interval(name)
        found.append((said, f"{_figure(one.value)} ({_figure(one.low)} to {_figure(one.high)})"))
    return found


def _between(capacity: Capacity) -> str:
    return f"{quantity.per_second(capacity.low)} to {quantity.per_second(capacity.high)}"


def _figure(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "none"


def _facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    measured, capacity = plan.measured, plan.measured.capacity
    pool = plan.sizing.pool
    threads = plan.sizing.threads
    found = (
        ("From", measured.source),
        (
            "Measured",
            f"{_between(capacity)}, {measured.replicas} x {measured.slots} slots, {measured.slo}",
        ),
        ("Wanted", f"the tightest resource at most {quantity.share(plan.wanted.target)} busy"),
        ("Threads", f"{threads.count}, {threads.busy:.1f} of them busy" if threads.busy else ""),
        (
            "Pool",
            f"{pool.count}, {pool.busy:.1f} of them busy; {pool.least} would do"
            if pool.busy
            else "",
        ),
        ("max_connections", f"{plan.room.most}, {plan.room.source}"),
        ("Surge", f"{plan.wanted.surge} more while a new release takes over"),
    )
    return tuple((name, value) for name, value in found if value)
