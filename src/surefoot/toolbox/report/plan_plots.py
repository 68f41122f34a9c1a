"""A plan in pictures: replicas by rate, the rate growing towards its limits, the fitted curve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from surefoot.toolbox.plan.plan import Plan, RunsOut
from surefoot.toolbox.plan.usl import Fit
from surefoot.toolbox.report import paper as drawing
from surefoot.toolbox.report import quantity
from surefoot.toolbox.report.paper import Paper
from surefoot.toolbox.report.scale import Scale, linear, logarithmic
from surefoot.toolbox.report.svg import element, words

__all__ = ["curve_plot", "growth_plot", "rate_plot"]

_MONTHS: Final = (6, 12, 24, 36, 60)
_POINTS: Final = 60


def rate_plot(plan: Plan) -> dict[str, str]:
    """Replicas that a rate needs, from both ends of the capacity's interval."""
    most = plan.wanted.rate * 1.6
    label = f"Replicas by rate; {plan.sizing.replicas} at {quantity.per_second(plan.wanted.rate)}"
    return drawing.sized(lambda paper: _rates(plan, most, paper), label)


def _rates(plan: Plan, most: float, paper: Paper) -> Iterator[str]:
    low = plan.sizing.replica_rate
    high = plan.best.replica_rate
    x = linear(most, paper.left, paper.width - paper.right, most=round(paper.width / 110))
    y = linear(most / low + 2, paper.floor, paper.top, most=6, fill=True)
    yield from drawing.axes(x, y, paper, lambda n: f"{n:,g}", "requests per second")
    yield drawing.text("replicas, one of them in reserve", x.start, paper.top - 10, "axis")
    rates = [most * k / _POINTS for k in range(_POINTS + 1)]
    upper = [(x.at(rate), y.at(rate / low + 1)) for rate in rates]
    lower = [(x.at(rate), y.at(rate / high + 1)) for rate in rates]
    yield drawing.area(upper, lower, "closing")
    yield drawing.path(upper, "fitted")
    at, up = x.at(plan.wanted.rate), y.at(plan.sizing.replicas)
    yield element("line", x1=at, x2=at, y1=paper.floor, y2=up, class_="goal-line")
    yield element("circle", cx=at, cy=up, r=5, class_="seen")
    said = f"{plan.sizing.replicas} at {quantity.per_second(plan.wanted.rate)}"
    yield drawing.text(said, at - 10, up - 8, "name strong", "end")


def growth_plot(plan: Plan) -> dict[str, str]:
    """The rate growing month by month, and where each resource of the plan ends."""
    if plan.growth <= 0:
        return {}
    ends = [one.months for one in plan.runs_out if math.isfinite(one.months)]
    last = max(ends, default=_MONTHS[0]) * 1.25
    months = next((m for m in _MONTHS if m >= last), _MONTHS[-1])
    label = f"The rate growing by {plan.growth:.1%} a month"
    return drawing.sized(lambda paper: _growing(plan, months, paper), label)


def _growing(plan: Plan, months: int, paper: Paper) -> Iterator[str]:
    rate, growth = plan.wanted.rate, plan.growth
    highest = rate * (1 + growth) ** months
    limits = [one for one in plan.runs_out if 0 < one.limit.rate < highest]
    lowest = min([rate, *(one.limit.rate for one in limits)])
    x = linear(float(months), paper.left, paper.width - paper.right, most=6)
    # What grows by a share each month is a straight line on such an axis.
    y = logarithmic(lowest / 1.2, highest, paper.floor, paper.top, most=10)
    yield from drawing.axes(x, y, paper, lambda n: f"{n:,g}", "months from now")
    yield drawing.text("requests per second", x.start, paper.top - 10, "axis")
    times = [months * k / _POINTS for k in range(_POINTS + 1)]
    line = [(x.at(t), y.at(rate * (1 + growth) ** t)) for t in times]
    yield drawing.path(line, "growth")
    yield from _limits(limits, x, y, paper)


def _limits(limits: Sequence[RunsOut], x: Scale, y: Scale, paper: Paper) -> Iterator[str]:
    """A line for each limit; names that would meet share one line of text."""
    taken: list[float] = []
    for one in sorted(limits, key=lambda one: -one.limit.rate):
        at = y.at(one.limit.rate)
        yield element("line", x1=x.start, x2=x.end, y1=at, y2=at, class_="limit-line")
        yield element("circle", cx=x.at(one.months), cy=at, r=4.5, class_="seen")
        place = at - 6
        while any(abs(place - other) < paper.text * 1.25 for other in taken):
            place += paper.text * 1.25
        if place < paper.floor:
            taken.append(place)
            said = f"{one.limit.name}: {quantity.per_second(one.limit.rate)}"
            yield drawing.text(said, x.start + 6, place, "name")


def curve_plot(fit: Fit | None) -> dict[str, str]:
    """Measured capacities by replicas with the fitted law, its interval, and a straight line."""
    if fit is None:
        return {}
    last = 2 * max(count for count, _ in fit.points)
    return drawing.sized(lambda paper: _curve(fit, last, paper), "Capacity by replicas on one host")


def _curve(fit: Fit, last: int, paper: Paper) -> Iterator[str]:
    counts = [1 + (last - 1) * k / _POINTS for k in range(_POINTS + 1)]
    at = [fit.at(count) for count in counts]
    highest = max([one.high for one in at] + [rate for _, rate in fit.points])
    ticks = tuple(float(n) for n in range(1, last + 1, math.ceil(last / 12)))
    x = Scale(0.5, last + 0.5, paper.left, paper.width - paper.right, ticks)
    y = linear(highest * 1.05, paper.floor, paper.top, most=6, fill=True)
    yield from drawing.axes(x, y, paper, lambda n: f"{n:,g}", "replicas on one host")
    yield drawing.text("requests per second within the SLO", x.start, paper.top - 10, "axis")
    straight = [(x.at(n), y.at(fit.law.single * n)) for n in counts if fit.law.single * n < y.high]
    yield drawing.path(straight, "ideal")
    upper = [(x.at(n), y.at(one.high)) for n, one in zip(counts, at, strict=True)]
    lower = [(x.at(n), y.at(one.low)) for n, one in zip(counts, at, strict=True)]
    yield drawing.area(upper, lower, "closing")
    middle = [(x.at(n), y.at(one.value)) for n, one in zip(counts, at, strict=True)]
    yield drawing.path(middle, "fitted")
    for count, rate in fit.points:
        title = element("title", words(f"{count} replicas: {quantity.per_second(rate)}"))
        dot = element("circle", cx=x.at(count), cy=y.at(rate), r=5, class_="seen")
        yield element("g", title, dot)
