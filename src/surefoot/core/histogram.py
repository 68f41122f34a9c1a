"""Counts of values in log-linear buckets: any quantile to three significant digits, mergeable.

The layout is that of HdrHistogram (Gil Tene): every power of two is cut into equally wide buckets.
A binary32 number already has that shape, so the bucket of a value is the upper part of its bits:
8 bits of exponent and 10 of fraction.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

__all__ = ["Histogram"]

_FRACTION_BITS: Final = 10
_SHIFT: Final = 23 - _FRACTION_BITS
_CHUNK: Final = 16_384  # keeps the distinct keys of one counting pass, hence its memory, small


class Histogram:
    """How often each size of value was seen.

    A quantile is off by at most ``RELATIVE_ERROR`` of its value, for values from 1e-38 to 3e38;
    zero and less are counted as zero. Minimum, maximum and sum are exact.
    """

    RELATIVE_ERROR: Final = 2.0**-_FRACTION_BITS / 2 + 2.0**-23
    """Half a bucket, and the rounding of a value to binary32."""

    __slots__ = ("_counts", "count", "maximum", "minimum", "total")

    def __init__(self, values: Iterable[float] = ()) -> None:
        self._counts: Counter[int] = Counter()
        self.count = 0
        self.total = 0.0
        self.minimum = math.inf
        self.maximum = 0.0
        self.add(values)

    def add(self, values: Iterable[float]) -> None:
        """Count every value.

        Raises:
            ValueError: One of them is infinite or not a number; those before it may be counted.
        """
        source = iter(values)
        while chunk := array("f", islice(source, _CHUNK)):
            self._add(chunk)

    def _add(self, chunk: array[float]) -> None:
        total = math.fsum(chunk)
        if not math.isfinite(total):
            raise ValueError("a histogram counts finite numbers only")
        low = min(chunk)
        bits = memoryview(chunk).cast("B").cast("I")
        if low < 0:
            bits = memoryview(array("f", (max(v, 0.0) for v in chunk))).cast("B").cast("I")
        self._counts.update([word >> _SHIFT for word in bits])
        self.count += len(chunk)
        self.total += total
        self.minimum = min(self.minimum, low)
        high = max(chunk)
        self.maximum = max(self.maximum, high)

    def merge(self, other: Histogram) -> None:
        """Count everything that ``other`` counted as well."""
        self._counts.update(other._counts)
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)

    @property
    def mean(self) -> float:
        """Arithmetic mean; 0 of nothing."""
        return self.total / self.count if self.count else 0.0

    def quantile(self, q: float) -> float:
        """The smallest value that at least a share ``q`` (0 to 1) stays within; 0 of nothing."""
        if not self.count:
            return 0.0
        wanted = max(1, math.ceil(q * self.count))
        if wanted >= self.count:
            return self.maximum
        seen = 0
        for key in sorted(self._counts):
            seen += self._counts[key]
            if seen >= wanted:
                return min(max(_middle(key), self.minimum), self.maximum)
        return self.maximum

    def quantiles(self, *shares: float) -> tuple[float, ...]:
        """``quantile`` of each."""
        return tuple(self.quantile(q) for q in shares)

    def count_above(self, value: float) -> int:
        """How many were larger; those in the bucket of ``value`` itself count as not larger."""
        if value >= self.maximum:
            return 0
        edge = _bucket(value)
        return sum(number for key, number in self._counts.items() if key > edge)

    def buckets(self) -> Mapping[float, int]:
        """Middle of each bucket that holds something, ascending, and its count."""
        return {_middle(key): self._counts[key] for key in sorted(self._counts)}


def _bucket(value: float) -> int:
    return memoryview(array("f", [max(value, 0.0)])).cast("B").cast("I")[0] >> _SHIFT


def _middle(key: int) -> float:
    if key == 0:
        return 0.0
    edges = memoryview(array("I", [key << _SHIFT, (key + 1) << _SHIFT])).cast("B").cast("f")
    return (edges[0] + edges[1]) / 2
