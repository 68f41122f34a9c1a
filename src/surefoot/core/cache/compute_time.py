"""How long a value takes to compute, and so for how long one caller may hold the right to."""

from __future__ import annotations

from typing import Final

__all__ = ["LEAST", "MOST", "UNKNOWN", "ComputeTime"]

UNKNOWN: Final = 5.0
"""Seconds that a claim holds before anything is known."""
LEAST: Final = 1.0
"""No claim is shorter: a worker may be held up so long by a collection or by its neighbours, and
a second computation costs more than waiting for a holder that died."""
MOST: Final = 300.0
_FORGETS: Final = 1 / 16
"""The share of the way down to the newest time that the maximum goes with each."""


class ComputeTime:
    """The longest that computing took lately, in seconds: a maximum that decays.

    Two threads that tell it their times at once may lose one of them, which the next makes good.
    """

    __slots__ = ("_longest",)

    def __init__(self) -> None:
        self._longest: float | None = None

    @property
    def longest(self) -> float | None:
        """Seconds; ``None`` before the first."""
        return self._longest

    @property
    def claim_ms(self) -> int:
        """Milliseconds that a claim holds: twice the longest, within bounds."""
        longest = self._longest
        seconds = UNKNOWN if longest is None else min(max(2 * longest, LEAST), MOST)
        return round(1000 * seconds)

    def saw(self, seconds: float) -> None:
        """Computing took so long."""
        longest = self._longest
        if longest is None or seconds >= longest:
            self._longest = max(seconds, 0.0)
        else:
            self._longest = longest - (longest - max(seconds, 0.0)) * _FORGETS
