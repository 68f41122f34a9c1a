"""The universal scalability law: how throughput grows with what works side by side.

Gunther, Guerrilla Capacity Planning (2007), chapter 4::

    X(N) = g N / (1 + a (N - 1) + b N (N - 1))

Waiting for what is shared bends the line (``a``), keeping it in agreement turns it down (``b``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Usl"]


@dataclass(frozen=True, slots=True)
class Usl:
    """One fitted law; all three are 0 or more."""

    single: float
    """Requests per second of one alone."""
    contention: float
    """Share of the work that only one can do at a time."""
    coherency: float
    """Cost of each pair that has to agree."""

    def throughput(self, count: float) -> float:
        """Requests per second of ``count``, 1 or more."""
        lost = self.contention * (count - 1) + self.coherency * count * (count - 1)
        return self.single * count / (1 + lost)

    @property
    def peak(self) -> float:
        """The count past which more of them do less; infinite where that never happens."""
        if self.coherency <= 0:
            return math.inf
        return max(1.0, math.sqrt(max(0.0, 1 - self.contention) / self.coherency))
