"""Finds what of a route's text varies, from pairs of texts that should be equal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from surefoot.toolbox.answers.pattern import Pattern, describe
from surefoot.toolbox.answers.text_shape import (
    MARK,
    Mask,
    TextShape,
    canonical,
    regions,
    units,
    values,
)

__all__ = ["TextDraft"]

_LEFT: Final = 32
_RIGHT: Final = 8
_ENOUGH: Final = 6
"""Characters before a varying word that, found again on another page, name the same place."""
_MOST: Final = 60
"""Places; a text with more of them varies as a whole."""


@dataclass(slots=True)
class _Place:
    left: str
    right: str
    values: set[str] = field(default_factory=set)

    def mask(self) -> Mask:
        pattern = describe(self.values)
        if pattern.fits("<\n"):
            # Any text at all must end somewhere.
            longest = max(map(len, self.values))
            pattern = Pattern(pattern.words, rf"[\s\S]{{0,{2 * longest + _LEFT}}}?")
        return Mask(self.left, self.right, pattern)


class TextDraft:
    """What is known so far; each pair widens it by as little as makes the two the same.

    Attributes:
        whole: Whether so much varies that nothing is left to compare.
    """

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._unordered = False
        self._shape = TextShape()
        self.whole = False

    def see(self, one: str, other: str) -> bool:
        """Two equal stacks answered these to the same request; whether that is news."""
        if self.whole:
            return False
        a, b = canonical(one, self._shape), canonical(other, self._shape)
        if a == b:
            return False
        if sorted(units(a)) == sorted(units(b)):
            self._unordered = True
        else:
            self._learn(a, b)
        self._shape = self._drawn()
        if canonical(one, self._shape) != canonical(other, self._shape):
            self.whole = True
        return True

    def shape(self, texts: Iterable[str]) -> TextShape:
        """The whole, with the formats of what stands in ``texts`` where it varies."""
        for text in texts:
            for number, value in values(text, self._shape):
                self._places[number].values.add(value)
        self._shape = self._drawn()
        return self._shape

    def _drawn(self) -> TextShape:
        return TextShape(tuple(place.mask() for place in self._places), self._unordered)

    def _learn(self, a: str, b: str) -> None:
        found = regions(a, b)
        if len(found) > _MOST:
            self.whole = True
            return
        fresh: list[_Place] = []
        before, start = "", 0
        for number, region in enumerate(found):
            end = found[number + 1].start if number + 1 < len(found) else len(a)
            before += a[start : region.start]
            right = a[region.end : min(end, region.end + _RIGHT)].partition(MARK)[0]
            place = _Place(before[-_LEFT:], right, {region.one, region.other})
            before, start = before + MARK, region.end
            same = self._known(place, a)
            if same is None:
                fresh.append(place)
            else:
                self._places[same] = _joined(self._places[same], place)
        self._places.extend(fresh)
        self.whole = len(self._places) > _MOST

    def _known(self, place: _Place, text: str) -> int | None:
        """The place that this one is, seen before on another page."""
        for number, known in enumerate(self._places):
            joined = _joined(known, place)
            if bool(known.left) != bool(place.left):
                continue  # one of them stands at the very beginning
            if len(joined.left) < min(_ENOUGH, len(known.left), len(place.left)):
                continue
            # Wider than the one place it is found at here, it would hide others.
            if len(joined.mask().expression().findall(text)) <= 1:
                return number
        return None


def _joined(one: _Place, other: _Place) -> _Place:
    left = _common(one.left[::-1], other.left[::-1])[::-1]
    return _Place(left, _common(one.right, other.right), one.values | other.values)


def _common(one: str, other: str) -> str:
    pairs = enumerate(zip(one, other, strict=False))
    apart = (index for index, (x, y) in pairs if x != y)
    return one[: next(apart, min(len(one), len(other)))]
