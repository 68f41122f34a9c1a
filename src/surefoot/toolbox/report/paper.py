"""What all plots share: the paper they are drawn on, its axes, and three sizes of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from surefoot.toolbox.report.scale import Scale
from surefoot.toolbox.report.svg import element, words

__all__ = ["MIDDLE", "NARROW", "WIDE", "Paper", "area", "axes", "path", "sized", "text", "wide"]

_GLYPH: Final = 0.56  # of the text's size: the mean width of a letter in the usual fonts


@dataclass(frozen=True, slots=True)
class Paper:
    """How large to draw, in the units of the text's size."""

    width: float
    height: float
    text: float
    left: float = 62.0
    right: float = 16.0
    bottom: float = 46.0
    top: float = 22.0

    @property
    def floor(self) -> float:
        """Where the horizontal axis lies."""
        return self.height - self.bottom


WIDE: Final = Paper(960, 380, 13)
MIDDLE: Final = Paper(600, 360, 12.5)
NARROW: Final = Paper(360, 330, 11.5)


def sized(draw: Callable[[Paper], Iterable[str]], label: str) -> dict[str, str]:
    """The same picture three times; the page shows the one that fits."""
    sizes = {"wide": WIDE, "middle": MIDDLE, "narrow": NARROW}
    return {name: _svg(draw(paper), paper, label) for name, paper in sizes.items()}


def _svg(parts: Iterable[str], paper: Paper, label: str) -> str:
    return element(
        "svg",
        *parts,
        class_="plot",
        viewBox=f"0 0 {paper.width:g} {paper.height:g}",
        role="img",
        aria_label=label,
        font_size=paper.text,
    )


def axes(x: Scale, y: Scale, paper: Paper, say: Callable[[float], str], name: str) -> Iterator[str]:
    """Lines at the ticks of ``y`` with their values, and the ticks of ``x`` along the floor."""
    for tick in y.ticks:
        at = y.at(tick)
        yield element("line", x1=x.start, x2=x.end, y1=at, y2=at, class_="grid")
        yield text(say(tick), x.start - 8, at + 4, "axis", "end")
    for tick in x.ticks:
        at = x.at(tick)
        yield element("line", x1=at, x2=at, y1=paper.floor, y2=paper.floor + 5, class_="tick")
        yield text(f"{tick:,g}", at, paper.floor + 8 + paper.text, "axis", "middle")
    yield element("line", x1=x.start, x2=x.end, y1=paper.floor, y2=paper.floor, class_="tick")
    yield text(name, x.end, paper.height - 4, "axis", "end")


def text(said: str, x: float, y: float, class_: str, anchor: str = "start") -> str:
    """Words at a place."""
    return element("text", words(said), x=x, y=y, class_=class_, text_anchor=anchor)


def wide(said: str, paper: Paper) -> float:
    """About how much room the words take."""
    return len(said) * paper.text * _GLYPH


def path(points: Iterable[tuple[float, float]], class_: str) -> str:
    """A line through these places."""
    return element("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), class_=class_)


def area(upper: list[tuple[float, float]], lower: list[tuple[float, float]], class_: str) -> str:
    """What lies between two lines."""
    around = [*upper, *reversed(lower)]
    d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in around) + "z"
    return element("path", d=d, class_=class_)
