"""Axes: from values to places on the paper, and the round values to write beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Scale", "linear", "logarithmic"]

_STEPS: Final = (1.0, 2.0, 5.0)
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis that runs from ``low`` at ``start`` to ``high`` at ``end``."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    log: bool = False

    def at(self, value: float) -> float:
        """Where ``value`` stands; what lies outside the axis stands at its end."""
        if not value < self.high:  # an infinite value, and one that is not a number, too
            return self.end
        if value <= self.low:
            return self.start
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * share

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies on the axis."""
        return self.low <= value <= self.high


def linear(high: float, start: float, end: float, *, most: int, fill: bool = False) -> Scale:
    """An axis from 0 to ``high`` with at most ``most`` round steps.

    Args:
        high: The largest value to show, above 0.
        start: Where 0 stands.
        end: Where ``high`` stands.
        most: Steps at most; 3 or more, or there may be none at all.
        fill: End at a round value instead of at ``high`` itself.
    """
    step = next(step for step in _round(high / most) if high / step <= most + _ROUNDING)
    count = math.ceil(high / step - _ROUNDING) if fill else math.floor(high / step + _ROUNDING)
    ticks = tuple(step * k for k in range(count + 1))
    return Scale(0.0, max(ticks[-1], high), start, end, ticks)


def logarithmic(low: float, high: float, start: float, end: float, *, most: int) -> Scale:
    """An axis over ``low`` to ``high``, both above 0, that begins and ends at round values."""
    first = max(value for value in _round(low / 10) if value <= low * (1 + _ROUNDING))
    ticks = [first]
    for value in _round(first):
        if value > ticks[-1] * (1 + _ROUNDING):
            ticks.append(value)
        if ticks[-1] >= high * (1 - _ROUNDING) and len(ticks) > 1:
            break
    return Scale(ticks[0], ticks[-1], start, end, _thinned(ticks, most), log=True)


def _round(least: float) -> Iterator[float]:
    """1, 2 and 5 times powers of ten, from about ``least`` on, for four decades or 60 values."""
    power = math.floor(math.log10(least)) if least > 0 else 0
    for exponent in range(power, power + 30):
        yield from (step * 10.0**exponent for step in _STEPS)


def _thinned(ticks: list[float], most: int) -> tuple[float, ...]:
    if len(ticks) <= most:
        return tuple(ticks)
    powers = [t for t in ticks if math.isclose(math.log10(t), round(math.log10(t)), abs_tol=1e-9)]
    every = math.ceil(len(powers) / most)
    return tuple(powers[::every])
