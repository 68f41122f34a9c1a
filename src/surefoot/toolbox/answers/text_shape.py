"""What of a route's text (HTML above all) varies by itself: words between words that do not."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from surefoot.toolbox.answers.pattern import Pattern
from surefoot.toolbox.answers.spot import Spot

__all__ = ["MARK", "Mask", "TextShape", "canonical", "differences", "regions", "units", "values"]

MARK: Final = "\0"
_WORD: Final = r"\w\-.:+/%~="
_TOKEN: Final = re.compile(rf"[{_WORD}]+|\s+|[\s\S]")
_UNIT: Final = re.compile(r"\n|(?=<)")
_AROUND: Final = 60
_LARGE: Final = 2_000_000
"""Pairs of tokens beyond which only lines are matched up."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Something that varies, and the text before and after it."""

    left: str
    right: str
    pattern: Pattern

    def expression(self) -> re.Pattern[str]:
        """Finds it, as its group ``v``."""
        return _compiled(self.left, self.right, self.pattern.expression)


@functools.lru_cache(maxsize=1024)
def _compiled(left: str, right: str, value: str) -> re.Pattern[str]:
    before = re.escape(left) if left else r"\A"
    after = f"(?={re.escape(right)})" if right else rf"(?![{_WORD}])"
    return re.compile(f"{before}(?P<v>{value}){after}")


@dataclass(frozen=True, slots=True)
class TextShape:
    """What varies of a text; everything else does not."""

    masks: tuple[Mask, ...] = ()
    unordered: bool = False
    """Whether the order of its lines or elements varies."""


def canonical(text: str, shape: TextShape) -> str:
    """One text for all that count as the same."""
    for mask in shape.masks:
        text = mask.expression().sub(mask.left.replace("\\", r"\\") + MARK, text)
    return "\n".join(sorted(units(text))) if shape.unordered else text


def units(text: str) -> list[str]:
    """Lines, cut again before each element."""
    return _UNIT.split(text)


def values(text: str, shape: TextShape) -> Iterator[tuple[int, str]]:
    """What stands at each place that varies, by the number of its mask."""
    for number, mask in enumerate(shape.masks):
        expression = mask.expression()
        for match in expression.finditer(text):
            yield number, match["v"]
        text = expression.sub(mask.left.replace("\\", r"\\") + MARK, text)


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch that differs between two texts."""

    start: int
    """In the first text."""
    end: int
    one: str
    other: str


def regions(one: str, other: str) -> list[Region]:
    """Where two texts differ, in whole words, as few and as short as can be told."""
    a, b = _TOKEN.findall(one), _TOKEN.findall(other)
    low = 0
    while low < min(len(a), len(b)) and a[low] == b[low]:
        low += 1
    high = 0
    while high < min(len(a), len(b)) - low and a[-1 - high] == b[-1 - high]:
        high += 1
    starts = [0]
    for token in a:
        starts.append(starts[-1] + len(token))
    middle_a, middle_b = a[low : len(a) - high], b[low : len(b) - high]
    return [
        Region(starts[low + i], starts[low + j], "".join(middle_a[i:j]), "".join(middle_b[k:m]))
        for i, j, k, m in _blocks(middle_a, middle_b)
    ]


def _blocks(a: list[str], b: list[str]) -> Iterator[tuple[int, int, int, int]]:
    if len(a) == len(b):
        apart = [index for index, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
        if len(apart) <= max(4, len(a) // 4):
            yield from _runs(apart)
            return
    if len(a) * len(b) > _LARGE:
        yield 0, len(a), 0, len(b)
        return
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            yield i, j, k, m


def _runs(indices: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """Neighbours together."""
    if not indices:
        return
    start = indices[0]
    for before, after in pairwise([*indices, -1]):
        if after != before + 1:
            yield start, before + 1, start, before + 1
            start = after


def differences(base: str, variant: str, shape: TextShape) -> Iterator[Spot]:
    """The first places where two texts do not count as the same."""
    one, other = canonical(base, shape), canonical(variant, shape)
    if one == other:
        return
    for region in regions(one, other)[:3]:
        line = one.count("\n", 0, region.start) + 1
        before = one[max(0, region.start - _AROUND) : region.start]
        after = one[region.end : region.end + _AROUND]
        misfit = MARK in region.one and MARK not in region.other
        yield Spot(
            "behaviour" if misfit else "body",
            "" if shape.unordered else f"line {line}",
            before + region.one + after,
            before + region.other + after,
            (before[-12:], after[:4]),
        )
