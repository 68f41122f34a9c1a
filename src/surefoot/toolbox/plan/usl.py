"""The scalability law fitted to what several measurements with other replicas found.

``N / X`` is linear in ``1 / g``, ``a / g`` and ``b / g``, and the error of a measured throughput
is a share of it. So the fit is least squares of relative residuals, which with two coefficients
that may not be negative has four candidates at most, and the best of them is exact.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from surefoot.core.stats import Interval, quantile
from surefoot.core.usl import Usl
from surefoot.errors import UsageError

__all__ = ["LEAST_POINTS", "Fit", "fit"]

LEAST_POINTS: Final = 4
_DISTINCT: Final = 3  # three unknowns
_RESAMPLES: Final = 500
_PARAMETERS: Final = 3
_TAIL: Final = 0.05

Point = tuple[int, float]
"""Replicas, and requests per second."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A law, the points it was fitted to, and the laws of resampled residuals."""

    law: Usl
    points: tuple[Point, ...]
    resampled: tuple[Usl, ...]

    def at(self, count: float) -> Interval:
        """Throughput of ``count`` replicas with its 90 % interval."""
        found = sorted(law.throughput(count) for law in self.resampled)
        value = self.law.throughput(count)
        low, high = quantile(found, _TAIL), quantile(found, 1 - _TAIL)
        return Interval(value, min(value, low), max(value, high))

    def interval(self, name: str) -> Interval:
        """``"contention"``, ``"coherency"``, ``"single"`` or ``"peak"`` with its 90 % interval."""
        found = sorted(getattr(law, name) for law in self.resampled)
        value = getattr(self.law, name)
        low, high = quantile(found, _TAIL), quantile(found, 1 - _TAIL)
        return Interval(value, min(value, low), max(value, high))


def fit(points: Sequence[Point], resamples: int = _RESAMPLES) -> Fit:
    """Fit the law; the interval comes from the residuals, drawn anew.

    Args:
        points: Measured capacities by replicas.
        resamples: How often residuals are drawn anew, 1 or more.

    Raises:
        UsageError: Fewer than four points, or fewer than three counts among them.
    """
    counts = {count for count, _ in points}
    if len(points) < LEAST_POINTS or len(counts) < _DISTINCT:
        raise UsageError(
            f"{len(points)} measurements with {_numbers(counts)} replicas are too few for a curve",
            do=f"give {LEAST_POINTS} or more, with {_DISTINCT} numbers of replicas among them",
        )
    if any(count < 1 or not 0 < rate < math.inf for count, rate in points):
        raise UsageError("a measurement without a capacity is no point of a curve")
    law = _solve(points)
    residuals = [rate / law.throughput(count) - 1 for count, rate in points]
    # Residuals of a fit are smaller than the errors behind them (Davison and Hinkley 1997, 6.3).
    wider = math.sqrt(len(points) / (len(points) - _PARAMETERS))
    chance = random.Random(1)  # noqa: S311 - resampling, not a secret
    resampled = []
    for _ in range(resamples):
        drawn = [
            (count, law.throughput(count) * max(0.05, 1 + wider * chance.choice(residuals)))
            for count, _ in points
        ]
        resampled.append(_solve(drawn))
    return Fit(law, tuple(points), tuple(resampled))


def _numbers(counts: set[int]) -> str:
    return " and ".join(map(str, sorted(counts)))


def _solve(points: Sequence[Point]) -> Usl:
    rows = [([rate / count * column for column in _columns(count)], 1.0) for count, rate in points]
    best = min(_candidates(rows), key=lambda found: _squares(rows, found))
    single = 1 / best[0]
    return Usl(single, max(0.0, best[1] * single), max(0.0, best[2] * single))


def _columns(count: int) -> tuple[float, float, float]:
    return 1.0, float(count - 1), float(count * (count - 1))


def _candidates(rows: Sequence[tuple[list[float], float]]) -> Iterator[tuple[float, float, float]]:
    """The solution of each choice of coefficients that are not 0, where it has none below 0."""
    for chosen in ((0, 1, 2), (0, 1), (0, 2), (0,)):
        found = _least_squares([([row[k] for k in chosen], wanted) for row, wanted in rows])
        if found is None or found[0] <= 0 or min(found) < 0:
            continue
        whole = [0.0, 0.0, 0.0]
        for index, value in zip(chosen, found, strict=True):
            whole[index] = value
        yield whole[0], whole[1], whole[2]


def _squares(rows: Sequence[tuple[list[float], float]], found: Sequence[float]) -> float:
    return math.fsum(
        (sum(a * x for a, x in zip(row, found, strict=True)) - wanted) ** 2 for row, wanted in rows
    )


def _least_squares(rows: Sequence[tuple[list[float], float]]) -> list[float] | None:
    """The normal equations by elimination with pivots; ``None`` where they have no one answer."""
    size = len(rows[0][0])
    matrix = [
        [math.fsum(row[i] * row[j] for row, _ in rows) for j in range(size)]
        + [math.fsum(row[i] * wanted for row, wanted in rows)]
        for i in range(size)
    ]
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(matrix[i][column]))
        if abs(matrix[pivot][column]) <= 1e-12 * max(1e-300, abs(matrix[0][0])):
            return None
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        for other in range(size):
            if other != column:
                factor = matrix[other][column] / matrix[column][column]
                matrix[other] = [
                    a - factor * b for a, b in zip(matrix[other], matrix[column], strict=True)
                ]
    return [matrix[i][size] / matrix[i][i] for i in range(size)]
