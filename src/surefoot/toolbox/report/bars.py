"""Bars as wide as the page gives them: lengths in percent, so that text beside never shrinks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from surefoot.toolbox.report.svg import element, percent, words

__all__ = ["Part", "gauge", "stacked"]

_STRIPES = "url(#stripes)"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a stacked bar."""

    kind: str
    """The class that colours it."""
    size: float
    title: str
    striped: bool = False
    """Waiting is striped and computing plain, so that colour is not all that tells them apart."""


def stacked(parts: Sequence[Part], whole: float, label: str, height: float = 22) -> str:
    """Parts side by side, on a track as long as ``whole``."""
    pieces = [_track(height), *_pieces(parts, whole, height)]
    return _svg(pieces, label, height)


def gauge(share: float, kind: str, label: str, height: float = 22) -> str:
    """One filled share of a track; more than all of it fills it."""
    width = min(1.0, max(0.0, share)) if math.isfinite(share) else 1.0
    bar = element(
        "rect", x=0, y=0, width=percent(width), height=height, rx=3, class_=f"part {kind}"
    )
    return _svg([_track(height), bar], label, height)


def _pieces(parts: Sequence[Part], whole: float, height: float) -> Iterator[str]:
    left = 0.0
    for part in parts:
        if not 0 < part.size < math.inf or not 0 < whole < math.inf:
            continue
        width = min(part.size / whole, 1 - left)
        box: dict[str, str | float] = {
            "x": percent(left),
            "y": 0.0,
            "width": percent(width),
            "height": height,
        }
        plain = element("rect", **box, class_=f"part {part.kind}")
        drawn = [element("title", words(part.title)), plain]
        if part.striped:
            drawn.append(element("rect", **box, fill=_STRIPES))
        yield element("g", *drawn)
        left += width


def _track(height: float) -> str:
    return element("rect", x=0, y=0, width="100%", height=height, rx=3, class_="track")


def _svg(pieces: Sequence[str], label: str, height: float) -> str:
    return element(
        "svg", *pieces, class_="bar", width="100%", height=height, role="img", aria_label=label
    )
