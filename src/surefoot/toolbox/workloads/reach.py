"""How far numbers in an address reach: by asking, with as few questions as it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["ENDLESS", "place_up_to", "reach"]

ENDLESS: Final = 1 << 20
"""Where even this number is there, no end was found."""


def reach(exists: Callable[[int], bool]) -> int:
    """The highest number that is there, to 1 %, where all below it are; 0 where 1 is not.

    Doubles until one is missing, then halves what lies between. ``ENDLESS`` where none is missing.
    """
    if not exists(1):
        return 0
    low = 1
    while low < ENDLESS and exists(low * 2):
        low *= 2
    if low >= ENDLESS:
        return ENDLESS
    high = low * 2
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        low, high = (middle, high) if exists(middle) else (low, middle)
    return low


def place_up_to(highest: int) -> str:
    """The place for numbers that reach so far; a thousand of them where they have no end."""
    return f"{{1..{1000 if highest == ENDLESS else highest}}}"
