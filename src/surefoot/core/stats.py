"""Quantiles with honest intervals, and resampling of blocks.

Latencies of neighbouring requests resemble each other (they stood in the same queue), so an
interval that treats them as independent is far too narrow. Here the spread of one-second blocks
says how many independent observations there were.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

__all__ = ["Interval", "mean", "quantile", "quantile_interval", "share_interval", "student"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the range that holds the truth with the stated confidence."""

    value: float
    low: float
    high: float


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean; 0 of nothing."""
    return math.fsum(values) / len(values) if values else 0.0


def quantile(ordered: Sequence[float], q: float) -> float:
    """The smallest value that at least a share ``q`` of the ascending ``ordered`` stays within."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, math.ceil(q * len(ordered)) - 1))]


def quantile_interval(
    blocks: Sequence[Sequence[float]], q: float, *, confidence: float = 0.9
) -> Interval:
    """A quantile of all values in ``blocks``, with an interval that knows the blocks are alike.

    The interval is the one of order statistics (David & Nagaraja, Order Statistics, 7.1), its
    number of observations divided by the design effect of the exceedance counts per block
    (Kish, Survey Sampling, 8.2): how much more those counts vary than independent draws would.

    Args:
        blocks: The values, in blocks of equal length in time.
        q: Which quantile, 0 to 1.
        confidence: Of the two-sided interval.
    """
    ordered = sorted(value for block in blocks for value in block)
    estimate = quantile(ordered, q)
    if not ordered:
        return Interval(0.0, 0.0, math.inf)
    effective = len(ordered) / design_effect(blocks, estimate, q)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    reach = z * math.sqrt(q * (1 - q) / max(effective, 1.0))
    high = quantile(ordered, q + reach) if q + reach < 1 else math.inf
    return Interval(estimate, quantile(ordered, max(q - reach, 0.0)), high)


def design_effect(blocks: Sequence[Sequence[float]], threshold: float, q: float) -> float:
    """Variance of the blocks' exceedance counts over that of independent draws, at least 1."""
    counted = [block for block in blocks if block]
    if len(counted) < 4:
        return 1.0
    expected = [(1 - q) * len(block) for block in counted]
    seen = [sum(value > threshold for value in block) for block in counted]
    spread = math.fsum((s - e) ** 2 for s, e in zip(seen, expected, strict=True))
    independent = q * math.fsum(expected)
    return max(1.0, spread / independent) if independent else 1.0


def share_interval(count: int, total: int, *, confidence: float = 0.9) -> Interval:
    """A share with Wilson's score interval (Wilson 1927)."""
    if total == 0:
        return Interval(0.0, 0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = count / total
    centre = (p + z * z / (2 * total)) / (1 + z * z / total)
    reach = z / (1 + z * z / total) * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return Interval(p, max(0.0, centre - reach), min(1.0, centre + reach))


def student(p: float, freedom: int) -> float:
    """The quantile ``p`` of Student's distribution; infinity below 5 degrees of freedom.

    The expansion of Cornish and Fisher (Abramowitz and Stegun, Handbook of Mathematical Functions,
    26.7.5), within 0.2 % from 5 degrees on for ``p`` up to 0.99.
    """
    if freedom < 5:
        return math.inf
    z = NormalDist().inv_cdf(p)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return math.fsum(term / freedom**power for power, term in enumerate(terms))
