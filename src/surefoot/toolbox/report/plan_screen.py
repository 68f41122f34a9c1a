"""A plan on one screen of a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator

from surefoot import units
from surefoot.toolbox.plan.arithmetic import CONNECTIONS, Slots
from surefoot.toolbox.plan.plan import Plan, RunsOut

__all__ = ["plan_screen", "until"]

_NAMES = 14


def plan_screen(plan: Plan, width: int = 96) -> str:
    """The answer in lines of at most ``width`` characters."""
    lines = [
        *_headline(plan, width),
        "",
        *_sizes(plan, width),
        "",
        *_runs_out(plan, width),
        *_buys(plan, width),
        *_curve(plan, width),
        *(line for note in plan.notes for line in _wrapped(note, width, "  note: ", "    ")),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def until(runs_out: RunsOut) -> str:
    """When a resource is used up, in words."""
    if runs_out.day is None:
        return "not in a century"
    if runs_out.months == 0:
        return "now"
    if runs_out.months < 1:
        return "within a month"
    whole = int(runs_out.months)
    return f"{whole} month{'' if whole == 1 else 's'}, {runs_out.day:%b %Y}"


def _headline(plan: Plan, width: int) -> Iterator[str]:
    measured, capacity = plan.measured, plan.measured.capacity
    yield from _wrapped(
        f"{measured.target} at {_rate(plan.wanted.rate)} ({measured.slo})", width, "", "  "
    )
    replicas = "1 replica" if measured.replicas == 1 else f"{measured.replicas} replicas"
    found = (
        f"{measured.source}: {_rate(capacity.low)} to {_rate(capacity.high)} with {replicas}"
        + (f", bottleneck {measured.bottleneck}" if measured.bottleneck else "")
    )
    yield from _wrapped(found, width, "  ", "    ")
    yield from _wrapped(
        f"planned so that the tightest resource is {plan.sizing.target:.0%} busy at most, "
        f"{_rate(plan.sizing.replica_rate)} a replica",
        width,
        "  ",
        "    ",
    )


def _sizes(plan: Plan, width: int) -> Iterator[str]:
    sizing, hosts = plan.sizing, plan.sizing.hosts
    carry = f"{sizing.carrying} carry the rate and one may be lost"
    if plan.best.replicas < sizing.replicas:
        carry += f"; {plan.best.replicas} if the capacity is at the upper end of its interval"
    yield from _size("replicas", str(sizing.replicas), carry, width)
    on_each = hosts.replicas // hosts.spare
    yield from _size(
        "hosts like it",
        str(hosts.carrying),
        f"{hosts.spare} if one may be lost, with {hosts.replicas} replicas ({on_each} on each); "
        f"one carries {_rate(hosts.rate)}",
        width,
    )
    yield from _slots("threads", sizing.threads, width)
    yield from _slots("pool", sizing.pool, width)
    yield from _connections(plan, width)


def _slots(name: str, slots: Slots, width: int) -> Iterator[str]:
    if not slots.count or not slots.busy:
        return
    told = f"of each replica, as measured; {slots.busy:.1f} busy, {slots.least} would do"
    yield from _size(name, str(slots.count), told, width)


def _connections(plan: Plan, width: int) -> Iterator[str]:
    found, sizing = plan.sizing.connections, plan.sizing
    if not found.each:
        return
    told = (
        f"{found.each} of each replica; {found.deploying} while a new release takes over; "
        f"the database has {found.free} for them (max_connections {plan.room.most}, "
        f"{plan.room.source})"
    )
    yield from _size("connections", str(found.steady), told, width)
    if not found.fit:
        relief = f"they do not fit: {found.fitting} replicas do"
        if 0 < sizing.pool.least < found.each:
            relief += f"; a pool of {sizing.pool.least} needs {_smaller(plan)}"
        yield from _size("", "", relief + "; else put PgBouncer in between", width)


def _smaller(plan: Plan) -> int:
    return plan.sizing.pool.least * (plan.sizing.replicas + plan.wanted.surge)


def _size(name: str, count: str, told: str, width: int) -> list[str]:
    return _wrapped(told, width, f"  {name:<{_NAMES}}{count:>6}  ", " " * (_NAMES + 10))


def _runs_out(plan: Plan, width: int) -> Iterator[str]:
    name = max((len(one.limit.name) for one in plan.runs_out), default=0)
    growth = f"at {plan.growth:+.1%} a month" if plan.growth else ""
    yield f"  {'resource':<{name}}  {'busy':>5}  {'carries':>9}  {growth}"
    for one in plan.runs_out:
        busy = (
            "full" if math.isinf(one.limit.busy) else f"{one.limit.busy * plan.sizing.target:.0%}"
        )
        if one.limit.name == CONNECTIONS and math.isfinite(one.limit.busy):
            busy = f"{one.limit.busy:.0%}"
        when = until(one) if plan.growth else ("too little already" if one.months == 0 else "")
        yield f"  {one.limit.name:<{name}}  {busy:>5}  {_rate(one.limit.rate):>9}  {when}"[:width]
    yield ""


def _buys(plan: Plan, width: int) -> Iterator[str]:
    if not plan.buys:
        return
    yield "  what the next change would save, if its prediction holds:"
    for buy in plan.buys:
        saved = _saved(buy.replicas, "replica") + _hosts_saved(buy.hosts)
        yield from _wrapped(
            f"{buy.lever}: {saved} ({buy.how})", width, f"    x{buy.gain:<6.2f}", " " * 11
        )
    yield ""


def _saved(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _hosts_saved(count: int) -> str:
    return f" and {_saved(count, 'host')}" if count else ""


def _curve(plan: Plan, width: int) -> Iterator[str]:
    if plan.curve is None:
        return
    contention, coherency = plan.curve.interval("contention"), plan.curve.interval("coherency")
    told = (
        f"replicas on one host: contention {contention.value:.3f} "
        f"({contention.low:.3f} to {contention.high:.3f}), coherency {coherency.value:.4f} "
        f"({coherency.low:.4f} to {coherency.high:.4f}), "
        f"from {len(plan.curve.points)} measurements"
    )
    yield from _wrapped(told, width, "  ", "    ")


def _rate(rate: float) -> str:
    return units.format_rate(rate) if math.isfinite(rate) else "no limit"


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest)
