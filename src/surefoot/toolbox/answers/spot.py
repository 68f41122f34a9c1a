"""One place where two answers differ."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

__all__ = ["Spot"]


@dataclass(frozen=True, slots=True)
class Spot:
    """One place where two answers differ, and what stands there."""

    what: str
    """``"status"``, ``"header NAME"``, ``"body"`` or ``"behaviour"``."""
    where: str
    """A JSON pointer, a line of the text, or empty."""
    base: str
    variant: str
    place: Hashable = None
    """The same for the same place of other answers to the same route."""
