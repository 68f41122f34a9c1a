"""A mean at equal conditions: what the values would be if what went beside them were nought."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

__all__ = ["Intercept", "intercept"]

_NOUGHT = 1e-12


@dataclass(frozen=True, slots=True)
class Intercept:
    """A least-squares fit, read where every column is 0."""

    value: float
    deviation: float
    """Standard deviation of the values around the fit."""
    effective: float
    """How many values a mean alone would need to be known as well."""
    fitted: int
    """Figures that were fitted: the intercept and a slope for each column."""


def intercept(values: Sequence[float], columns: Sequence[Sequence[float]]) -> Intercept:
    """Fit ``values`` by a constant and a slope for each of the columns.

    A column that does not vary, or only as others before it do, is left out.

    By Gram and Schmidt: each column is freed of those before it, so every slope stands by itself.

    Args:
        values: At least two more than there are columns.
        columns: What was seen beside each value, each as long as ``values``.
    """
    count, centre = len(values), fmean(values)
    left = [value - centre for value in values]
    shift = square = 0.0
    used: list[tuple[list[float], float]] = []
    for column in columns:
        middle = fmean(column)
        apart = [each - middle for each in column]
        size = _dot(apart, apart)
        for earlier, at in used:
            share = _dot(apart, earlier) / _dot(earlier, earlier)
            apart = [x - share * y for x, y in zip(apart, earlier, strict=True)]
            middle -= share * at
        spread = _dot(apart, apart)
        if spread <= _NOUGHT * max(size, _NOUGHT):
            continue
        slope = _dot(apart, left) / spread
        left = [y - slope * x for x, y in zip(apart, left, strict=True)]
        shift += slope * middle
        square += middle * middle / spread
        used.append((apart, middle))
    fitted = 1 + len(used)
    deviation = math.sqrt(_dot(left, left) / (count - fitted))
    return Intercept(centre - shift, deviation, 1 / (1 / count + square), fitted)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(x * y for x, y in zip(one, other, strict=True))
