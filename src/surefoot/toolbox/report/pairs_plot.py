"""The pairs of a proof: each ratio a dot, the interval of their mean closing over them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from surefoot.core.ab import MARGINS, Question, judge
from surefoot.core.measures import Measure
from surefoot.core.proof import Pair, Ratio
from surefoot.toolbox.report import paper as drawing
from surefoot.toolbox.report.paper import Paper
from surefoot.toolbox.report.scale import Scale
from surefoot.toolbox.report.svg import element, words

__all__ = ["closing", "pairs_plot", "ratios_of"]

_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_FARTHEST: Final = 8.0  # of a ratio; a block that stood still would flatten all others
_LEAST_REACH: Final = 0.06
_STEPS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def ratios_of(pairs: Sequence[Pair], measure: Measure) -> list[float]:
    """Variant / base of each pair, in order; pairs without a figure are left out."""
    values = [(pair.base.value(measure), pair.variant.value(measure)) for pair in pairs]
    return [variant / base for base, variant in values if base > 0 and variant > 0]


def closing(pairs: Sequence[Pair], measure: Measure, question: Question) -> list[Ratio | None]:
    """The interval as it was known after each pair; ``None`` while it had no ends."""
    found: list[Ratio | None] = []
    for count in range(1, len(pairs) + 1):
        ratio = judge(question, pairs[:count]).ratios.get(measure)
        found.append(ratio if ratio is not None and math.isfinite(ratio.high) else None)
    return found


def pairs_plot(
    pairs: Sequence[Pair], measure: Measure, question: Question, label: str
) -> dict[str, str]:
    """The picture in three sizes; nothing is drawn where no pair has a figure."""
    ratios = ratios_of(pairs, measure)
    if not ratios:
        return {}
    known = closing(pairs, measure, question)[-len(ratios) :]
    margin = question.margins.get(measure, MARGINS[measure])
    return drawing.sized(lambda paper: _drawn(ratios, known, margin, measure, paper), label)


def _drawn(
    ratios: Sequence[float],
    known: Sequence[Ratio | None],
    margin: float,
    measure: Measure,
    paper: Paper,
) -> Iterator[str]:
    y = _vertical(ratios, known, margin, paper)
    x = _across(len(ratios), paper)
    edge = 1 + margin
    yield element(
        "rect",
        x=x.start,
        width=x.end - x.start,
        y=y.at(edge),
        height=y.at(1 / edge) - y.at(edge),
        class_="margin",
    )
    yield from drawing.axes(x, y, paper, _said, "pairs of blocks")
    yield element("line", x1=x.start, x2=x.end, y1=y.at(1.0), y2=y.at(1.0), class_="even")
    yield from _interval(known, x, y)
    for index, ratio in enumerate(ratios, 1):
        yield _dot(index, ratio, measure, x, y)
    up, down = ("better", "worse") if measure.more_is_better else ("worse", "better")
    yield drawing.text(f"variant {up}", x.start + 6, y.end + paper.text - 2, "name")
    yield drawing.text(f"variant {down}", x.start + 6, y.start - 6, "name")


def _interval(known: Sequence[Ratio | None], x: Scale, y: Scale) -> Iterator[str]:
    ends = [(x.at(n), ratio) for n, ratio in enumerate(known, 1) if ratio is not None]
    if len(ends) < 2:
        return
    upper = [(at, y.at(ratio.high)) for at, ratio in ends]
    lower = [(at, y.at(ratio.low)) for at, ratio in ends]
    yield drawing.area(upper, lower, "closing")
    yield drawing.path([(at, y.at(ratio.value)) for at, ratio in ends], "centre")


def _dot(index: int, ratio: float, measure: Measure, x: Scale, y: Scale) -> str:
    better = ratio > 1 if measure.more_is_better else ratio < 1
    kind = "better" if better else "worse"
    title = element("title", words(f"pair {index}: variant / base {ratio:.3f}"))
    dot = element("circle", cx=x.at(index), cy=y.at(ratio), r=4.5, class_=f"pair {kind}")
    return element("g", title, dot)


def _across(count: int, paper: Paper) -> Scale:
    every = max(1, math.ceil(count / max(3, (paper.width - paper.left) / 60)))
    ticks = tuple(float(n) for n in range(every, count + 1, every))
    return Scale(0.5, count + 0.5, paper.left, paper.width - paper.right, ticks)


def _vertical(
    ratios: Sequence[float], known: Sequence[Ratio | None], margin: float, paper: Paper
) -> Scale:
    """As far up as down in logarithms, so that twice and half are equally far from even."""
    seen = [abs(math.log(ratio)) for ratio in ratios]
    # The interval after two pairs is as good as endless; from where it says something it is drawn.
    seen += [abs(math.log(end)) for r in known[4:] if r for end in (r.low, r.high) if end > 0]
    reach = min(max([_LEAST_REACH, 1.5 * margin, *seen]) * 1.1, math.log(_FARTHEST))
    high = math.exp(reach)
    step = next(s for s in _STEPS if (high - 1) / s <= 4.5)
    over = [1 + step * k for k in range(1, int((high - 1) / step) + 1)]
    ticks = tuple(sorted([*(1 / tick for tick in over), 1.0, *over]))
    return Scale(1 / high, high, paper.floor - 4, paper.top, ticks, log=True)


def _said(ratio: float) -> str:
    return _TIMES + (f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}")
