"""How many requests would find an answer that was made for an earlier one.

Counted on the requests themselves: an answer lives for so many requests of the whole mix, which at
a given rate is its time. No distribution is assumed, and what is asked rarely counts as rare.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Asking", "Curve", "curves", "share"]

Curve = tuple[tuple[int, float], ...]
"""Lifetimes, counted in requests of the mix and rising, with the share of requests that hit."""

_SHORTEST: Final = 8


@dataclass(frozen=True, slots=True)
class Asking:
    """One request of a stream."""

    route: str
    """Whose answers are kept; empty for a request that writes, or that no route is for."""
    target: str
    """Equal for requests that get the same answer."""
    writes: str = ""
    """The path that it writes to; what was kept of that is gone. Empty where it only reads."""
    path: str = ""
    """Of the target, its query left out."""


def curves(stream: Sequence[Asking]) -> dict[str, Curve]:
    """The curve of each route, up to a lifetime of half of the stream.

    The first half fills; only the second is counted.
    """
    half = len(stream) // 2
    spans = [_SHORTEST << n for n in range(max(0, half // _SHORTEST).bit_length())]
    found: dict[str, list[tuple[int, float]]] = {}
    for span in spans:
        for route, hits in _hits(stream, half, span).items():
            found.setdefault(route, []).append((span, hits))
    return {route: tuple(points) for route, points in found.items()}


def _hits(stream: Iterable[Asking], counted_from: int, span: int) -> dict[str, float]:
    made: dict[str, int] = {}
    written: dict[str, int] = {}
    asked: dict[str, int] = {}
    hits: dict[str, int] = {}
    for at, each in enumerate(stream):
        if each.writes:
            written[each.writes] = at
        if not each.route:
            continue
        last = made.get(each.target, -1)
        hit = last >= 0 and at - last <= span and written.get(each.path, -1) < last
        if not hit:
            made[each.target] = at
        if at >= counted_from:
            asked[each.route] = asked.get(each.route, 0) + 1
            hits[each.route] = hits.get(each.route, 0) + hit
    return {route: hits[route] / count for route, count in asked.items()}


def share(curve: Curve, requests: float) -> float:
    """The share that hits where an answer lives for so many requests of the mix.

    Between two points a straight line over the logarithm; beyond the last one, its value, though
    it may be higher there.
    """
    if not curve or requests <= 0:
        return 0.0
    lives = [life for life, _ in curve]
    if requests >= lives[-1]:
        return curve[-1][1]
    above = bisect_left(lives, requests)
    if above == 0:
        return curve[0][1] * requests / lives[0]
    (one, low), (two, high) = curve[above - 1], curve[above]
    return low + (high - low) * math.log(requests / one) / math.log(two / one)
