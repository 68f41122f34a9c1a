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
"""Characters round a varying word that, found again on another page, name the same place."""
_MANY: Final = 8
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
        starts = {region.start for region in found}
        before, start = "", 0
        for number, region in enumerate(found):
            end = found[number + 1].start if number + 1 < len(found) else len(a)
            before += a[start : region.start]
            right = a[region.end : min(end, region.end + _RIGHT)].partition(MARK)[0]
            place = _Place(before[-_LEFT:], right, {region.one, region.other})
            before, start = before + MARK, region.end
            self._add(place, a, starts)
        self.whole = len(self._places) > _MOST

    def _add(self, place: _Place, text: str, starts: set[int]) -> None:
        """Take up a place, as one seen before on this or on another page if it is that."""
        for number, known in enumerate(self._places):
            joined = _joined(known, place)
            if self._alike(known, place, joined) and _only_at(starts, joined, text):
                self._places[number] = joined
                return
        self._places.append(place)

    def _alike(self, one: _Place, other: _Place, joined: _Place) -> bool:
        if bool(one.left) != bool(other.left):
            return False  # one of them stands at the very beginning
        # So many places are rather few, with something before each that is another on each page.
        enough = _ENOUGH if len(self._places) < _MANY else 1
        around = len(joined.left) + len(joined.right)
        longest = min(len(each.left) + len(each.right) for each in (one, other))
        return bool(joined.left) == bool(one.left) and around >= min(enough, longest)


def _only_at(starts: set[int], place: _Place, text: str) -> bool:
    """Whether a mask hides nothing else in ``text`` than what varies there."""
    # What varies earlier in the line is not marked yet.
    left = place.left.rpartition(MARK)[2]
    if place.left and not left:
        return False
    mask = _Place(left, place.right, place.values).mask()
    return all(match.start("v") in starts for match in mask.expression().finditer(text))


def _joined(one: _Place, other: _Place) -> _Place:
    left = _common(one.left[::-1], other.left[::-1])[::-1]
    return _Place(left, _common(one.right, other.right), one.values | other.values)


def _common(one: str, other: str) -> str:
    pairs = enumerate(zip(one, other, strict=False))
    apart = (index for index, (x, y) in pairs if x != y)
    return one[: next(apart, min(len(one), len(other)))]
