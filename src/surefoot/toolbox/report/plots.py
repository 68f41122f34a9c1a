"""Latency against rate: what was measured, what was predicted, and the limit, in one picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from surefoot.core.records import RatePoint, Slo
from surefoot.toolbox.report import quantity
from surefoot.toolbox.report.scale import Scale, linear, logarithmic
from surefoot.toolbox.report.svg import element, words

__all__ = [
    "MIDDLE",
    "NARROW",
    "WIDE",
    "LatencyPlot",
    "Mark",
    "Size",
    "latency",
    "symbol",
    "verdict",
]

Curve = Sequence[tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Size:
    """How large to draw, in the units of the text's size."""

    width: float
    height: float
    text: float


WIDE: Final = Size(960, 470, 13)
MIDDLE: Final = Size(600, 430, 12.5)
NARROW: Final = Size(360, 430, 11.5)
_LEFT: Final = 62.0
_RIGHT: Final = 16.0
_BOTTOM: Final = 46.0
_GLYPH: Final = 0.56  # of the text's size: the mean width of a letter in the usual fonts
_LOG_FROM: Final = 25.0  # high / low from which equal steps would hide the lower half


_LEAST: Final = 1e-6  # seconds; nothing answers faster, and one such value would bend the axis


@dataclass(frozen=True, slots=True)
class Mark:
    """A rate worth a line from top to bottom."""

    rate: float
    text: str
    kind: str
    """``"capacity"``, ``"predicted"`` or ``"measured"``: the line's style."""


@dataclass(frozen=True, slots=True)
class LatencyPlot:
    """What the picture shows."""

    points: Sequence[RatePoint]
    curve: Curve
    """Rate, median, and the SLO's quantile, as simulated."""
    slo: Slo
    marks: Sequence[Mark] = ()
    band: tuple[float, float] | None = None
    """The rates between which the capacity lies."""


def latency(plot: LatencyPlot, size: Size, label: str) -> str:
    """The picture as an ``<svg>`` of ``size``; ``label`` is what a screen reader says."""
    marks = sorted(
        (mark for mark in plot.marks if mark.rate > 0 and math.isfinite(mark.rate)),
        key=lambda mark: mark.rate,
    )
    line = size.text * 1.45
    top = 12 + line * len(marks)
    x = linear(_widest(plot), _LEFT, size.width - _RIGHT, most=round(size.width / 80))
    y = _vertical(plot, size.height - _BOTTOM, top + 6)
    parts = [
        *_grid(x, y, size),
        *_band(plot.band, x, y),
        *_limit(plot, x, y, size),
        *_curves(plot, x, y),
        *_marks(marks, x, y, size, line),
        *(part for point in plot.points for part in _point(point, plot.slo, x, y)),
        *_named(plot, x, y, size),
    ]
    return element(
        "svg",
        *parts,
        class_="latency",
        viewBox=f"0 0 {size.width:g} {size.height:g}",
        role="img",
        aria_label=label,
        font_size=size.text,
    )


def verdict(point: RatePoint) -> str:
    """``"pass"``, ``"fail"``, ``"undecided"``, ``"beyond"`` or ``"invalid"``: the shape drawn."""
    if not point.valid:
        return "invalid"
    return "beyond" if point.beyond else point.verdict


def symbol(kind: str, x: float, y: float, radius: float = 6.0) -> str:
    """The mark of a verdict: told by its shape, the colour only repeats it."""
    r = radius
    shapes: dict[str, Callable[[], str]] = {
        "pass": lambda: element("circle", cx=x, cy=y, r=r, class_="v-pass"),
        "fail": lambda: _path(
            f"M{x - r:.2f} {y - r:.2f}l{2 * r:.2f} {2 * r:.2f}m0 {-2 * r:.2f}"
            f"l{-2 * r:.2f} {2 * r:.2f}",
            "v-fail",
        ),
        "undecided": lambda: _path(
            f"M{x:.2f} {y - 1.3 * r:.2f}l{1.3 * r:.2f} {1.3 * r:.2f}"
            f"l{-1.3 * r:.2f} {1.3 * r:.2f}l{-1.3 * r:.2f} {-1.3 * r:.2f}z",
            "v-undecided",
        ),
        "beyond": lambda: _path(
            f"M{x:.2f} {y - 1.2 * r:.2f}l{1.2 * r:.2f} {2.1 * r:.2f}h{-2.4 * r:.2f}z", "v-beyond"
        ),
    }
    return shapes.get(kind, lambda: element("circle", cx=x, cy=y, r=r, class_="v-invalid"))()


def _path(d: str, class_: str) -> str:
    return element("path", d=d, class_=class_)


def _text(text: str, x: float, y: float, class_: str, anchor: str = "start") -> str:
    return element("text", words(text), x=x, y=y, class_=class_, text_anchor=anchor)


def _wide(text: str, size: Size) -> float:
    return len(text) * size.text * _GLYPH


# --- axes ----------------------------------------------------------------------------------------


def _widest(plot: LatencyPlot) -> float:
    rates = [point.rate for point in plot.points]
    rates += [row[0] for row in plot.curve]
    rates += [mark.rate for mark in plot.marks if math.isfinite(mark.rate)]
    return max((rate for rate in rates if rate > 0), default=1.0) * 1.04


def _vertical(plot: LatencyPlot, bottom: float, top: float) -> Scale:
    seen = [plot.slo.latency]
    for point in plot.points:
        seen += [point.p50, point.quantile, point.low, point.high]
    for row in plot.curve:
        seen += row[1:]
    drawn = [value for value in seen if _LEAST <= value < math.inf]
    low, high = min(drawn, default=0.1), max(drawn, default=1.0)
    if high / low > _LOG_FROM:
        return logarithmic(low / 1.1, high * 1.1, bottom, top, most=14)
    return linear(high * 1.1, bottom, top, most=7, fill=True)


def _grid(x: Scale, y: Scale, size: Size) -> Iterator[str]:
    bottom, right = y.start, x.end
    for tick in y.ticks:
        at = y.at(tick)
        yield element("line", x1=x.start, x2=right, y1=at, y2=at, class_="grid")
        yield _text(
            quantity.latency(tick) if tick else "0", x.start - 8, at + 4, "axis", anchor="end"
        )
    for tick in x.ticks:
        at = x.at(tick)
        yield element("line", x1=at, x2=at, y1=bottom, y2=bottom + 5, class_="tick")
        yield _text(f"{tick:g}", at, bottom + 8 + size.text, "axis", anchor="middle")
    yield element("line", x1=x.start, x2=right, y1=bottom, y2=bottom, class_="tick")
    yield _text("requests per second offered", right, size.height - 4, "axis", anchor="end")


# --- the limit and the prediction ----------------------------------------------------------------


def _band(band: tuple[float, float] | None, x: Scale, y: Scale) -> Iterator[str]:
    if band is None:
        return
    low, high = x.at(band[0]), x.at(band[1])
    width = max(high - low, 1.0)
    yield element("rect", x=low, width=width, y=y.end, height=y.start - y.end, class_="band")


def _limit(plot: LatencyPlot, x: Scale, y: Scale, size: Size) -> Iterator[str]:
    at = y.at(plot.slo.latency)
    yield element("line", x1=x.start, x2=x.end, y1=at, y2=at, class_="limit")
    name = (
        f"limit: {quantity.quantile_name(plot.slo.quantile)} {quantity.latency(plot.slo.latency)}"
    )
    beside = [y.at(row[2]) for row in plot.curve if x.at(row[0]) <= x.start + _wide(name, size)]
    if any(at - 2 * size.text < place < at + 4 for place in beside):
        yield _text(name, x.end - 4, at - 6, "limit-name", anchor="end")
    else:
        yield _text(name, x.start + 6, at - 6, "limit-name")


def _curves(plot: LatencyPlot, x: Scale, y: Scale) -> Iterator[str]:
    for column, class_ in ((1, "curve median"), (2, "curve")):
        at = [(x.at(row[0]), y.at(row[column])) for row in plot.curve if row[0] > 0]
        if len(at) > 1:
            yield _path("M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in at), class_)


def _named(plot: LatencyPlot, x: Scale, y: Scale, size: Size) -> Iterator[str]:
    """The curves' names, at their quiet end; none where it would have no room."""
    if len(plot.curve) < 2:
        return
    left = max(x.at(plot.curve[0][0]), x.start + 6)
    names = (f"{quantity.quantile_name(plot.slo.quantile)}, predicted", "median, predicted")
    reach = left + 4 + max(_wide(name, size) for name in names)
    rows = [row for row in plot.curve if x.at(row[0]) <= reach]
    upper, lower = ([y.at(row[column]) for row in rows] for column in (2, 1))
    at = _beside(upper, y.at(plot.slo.latency), size.text)
    if at <= max(upper) or at + size.text + 8 < min(lower):
        yield _text(names[0], left, at, "curve-name")
    if min(lower) - max(*upper, at) > 1.7 * size.text + 4:
        yield _text(names[1], left, min(lower) - 8, "curve-name")


def _beside(curve: Sequence[float], limit: float, text: float) -> float:
    """Where a name stands: above the curve, or below it where the limit's line and name are."""
    above = min(curve) - 8
    return max(curve) + text + 6 if limit - 6 - text < above < limit + 4 + text else above


def _marks(marks: Sequence[Mark], x: Scale, y: Scale, size: Size, line: float) -> Iterator[str]:
    """A line and a name each; names stand in rows of their own, so that no two can meet."""
    sided = list(zip(marks, _right_of_line(marks, x, size), strict=True))
    # Names to the left of their line come first, from the right: no line then cuts a name below.
    rows = [pair for pair in reversed(sided) if not pair[1]] + [pair for pair in sided if pair[1]]
    for index, (mark, _) in enumerate(rows):
        at, level = x.at(mark.rate), 12 + line * index
        yield element("line", x1=at, x2=at, y1=level - 8, y2=y.start, class_=f"mark {mark.kind}")
    for index, (mark, right) in enumerate(rows):
        at = x.at(mark.rate) + (6 if right else -6)
        anchor = "start" if right else "end"
        yield _text(mark.text, at, 12 + line * index + 3, f"mark-name {mark.kind}", anchor)


def _right_of_line(marks: Sequence[Mark], x: Scale, size: Size) -> list[bool]:
    """Which names stand to the right: all or none where that can be, as no line crosses then."""
    right = [x.at(mark.rate) + _wide(mark.text, size) + 8 < size.width for mark in marks]
    left = [x.at(mark.rate) - _wide(mark.text, size) - 8 > 0 for mark in marks]
    return [False] * len(marks) if all(left) and not all(right) else right


# --- what was measured ---------------------------------------------------------------------------


def _point(point: RatePoint, slo: Slo, x: Scale, y: Scale) -> Iterator[str]:
    at, centre, middle = x.at(point.rate), y.at(point.quantile), y.at(point.p50)
    kind = verdict(point)
    low, high = y.at(point.low), y.at(point.high)
    parts = [element("title", words(_said(point, kind)))]
    parts.append(element("line", x1=at, x2=at, y1=low, y2=high, class_=f"interval v-{kind}"))
    for value, end in ((point.low, low), (point.high, high)):
        if math.isfinite(value):
            parts.append(
                element("line", x1=at - 5, x2=at + 5, y1=end, y2=end, class_=f"interval v-{kind}")
            )
        else:
            parts.append(_path(f"M{at - 4:.2f} {end + 6:.2f}l4 -6l4 6", f"interval open v-{kind}"))
    parts.append(element("circle", cx=at, cy=middle, r=3.5, class_="median-point"))
    parts.append(symbol(kind, at, centre))
    if point.judged != slo.quantile:
        left = x.end - at < 40
        beside, anchor = (at - 10, "end") if left else (at + 10, "start")
        parts.append(
            _text(quantity.quantile_name(point.judged), beside, centre + 4, "judged", anchor)
        )
    yield element("g", *parts)


def _said(point: RatePoint, kind: str) -> str:
    name = quantity.quantile_name(point.judged)
    high = quantity.latency(point.high) if math.isfinite(point.high) else "more"
    return (
        f"{quantity.per_second(point.rate)}: {name} {quantity.latency(point.quantile)} "
        f"(between {quantity.latency(point.low)} and {high}), median "
        f"{quantity.latency(point.p50)}, {point.completed} answers, {kind}"
    )
