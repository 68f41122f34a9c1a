"""The walk up the hill: the capacity where it began and after each change that was kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from surefoot.core.records import Capacity
from surefoot.toolbox.report import paper as drawing
from surefoot.toolbox.report import quantity
from surefoot.toolbox.report.paper import Paper
from surefoot.toolbox.report.scale import Scale, linear
from surefoot.toolbox.report.svg import element, words

__all__ = ["Stand", "walk_plot"]


@dataclass(frozen=True, slots=True)
class Stand:
    """One measured capacity on the way."""

    name: str
    """``"start"``, or the change that led here."""
    capacity: Capacity


def walk_plot(stands: Sequence[Stand], goal: float, label: str) -> dict[str, str]:
    """The picture in three sizes; none where there is no way between two stands."""
    if len(stands) < 2 or not any(stand.capacity.rps > 0 for stand in stands):
        return {}
    return drawing.sized(lambda paper: _drawn(stands, goal, paper), label)


def _drawn(stands: Sequence[Stand], goal: float, paper: Paper) -> Iterator[str]:
    highest = max(stand.capacity.high for stand in stands)
    top = max(highest, goal if math.isfinite(goal) and goal < 4 * highest else 0.0) * 1.12
    y = linear(top, paper.floor, paper.top, most=6, fill=True)
    x = Scale(0.5, len(stands) + 0.5, paper.left, paper.width - paper.right, ())
    yield from drawing.axes(x, y, paper, lambda rate: f"{rate:,g}", "")
    yield drawing.text("requests per second within the SLO", x.start, paper.top - 10, "axis")
    yield from _goal(goal, x, y)
    at = [(x.at(n), y.at(stand.capacity.rps)) for n, stand in enumerate(stands, 1)]
    yield drawing.path(at, "walk")
    room = (x.end - x.start) / len(stands)
    for (left, up), stand in zip(at, stands, strict=True):
        yield _stand(stand, left, up, y)
        yield drawing.text(
            quantity.per_second(stand.capacity.rps),
            left,
            y.at(stand.capacity.high) - 9,
            "name strong",
            "middle",
        )
        yield drawing.text(
            _short(stand.name, room, paper), left, paper.floor + 8 + paper.text, "axis", "middle"
        )


def _goal(goal: float, x: Scale, y: Scale) -> Iterator[str]:
    if not math.isfinite(goal):
        return
    if not y.holds(goal):
        far = f"the goal of {quantity.per_second(goal)} is beyond the picture"
        yield drawing.text(far, x.end, y.end + 4, "name goal", "end")
        return
    at = y.at(goal)
    yield element("line", x1=x.start, x2=x.end, y1=at, y2=at, class_="goal-line")
    said = f"goal: {quantity.per_second(goal)}"
    yield drawing.text(said, x.start + 6, at - 6, "name goal")


def _stand(stand: Stand, left: float, up: float, y: Scale) -> str:
    low, high = y.at(stand.capacity.low), y.at(stand.capacity.high)
    told = (
        f"{stand.name}: {quantity.per_second(stand.capacity.rps)}, the limit lies between "
        f"{quantity.per_second(stand.capacity.low)} and {quantity.per_second(stand.capacity.high)}"
    )
    ends = [
        element("line", x1=left - 5, x2=left + 5, y1=end, y2=end, class_="whisker")
        for end in (low, high)
    ]
    return element(
        "g",
        element("title", words(told)),
        element("line", x1=left, x2=left, y1=low, y2=high, class_="whisker"),
        *ends,
        element("circle", cx=left, cy=up, r=5, class_="stand"),
    )


def _short(name: str, room: float, paper: Paper) -> str:
    most = max(3, int(room / drawing.wide("m", paper)))
    return name if len(name) <= most else name[: most - 1] + "…"
