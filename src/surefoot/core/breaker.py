"""Whether something that failed is asked again: closed, open, or open while it is tried.

A breaker that opened stays open until a trial went well. Trials are made by whoever owns the
breaker, never by a request: so no request waits for something that is known not to answer
(circuit breaker: Nygard, Release It!, 2007; there the next request is the trial).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

__all__ = ["CLOSED", "FIRST_PAUSE", "LONGEST_PAUSE", "Breaker", "Position"]

FIRST_PAUSE: Final = 0.1
"""Seconds from a failure to the first trial: a single hiccup costs no more than this."""
LONGEST_PAUSE: Final = 0.4
"""Seconds between trials at most: what has come back is noticed well within a second."""


class Position(Enum):
    """How a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    TRYING = "trying"


@dataclass(frozen=True, slots=True)
class Breaker:
    """One breaker; every change makes another. Instants are seconds of any clock."""

    position: Position = Position.CLOSED
    due: float = 0.0
    """When the next trial is to be made."""
    pause: float = 0.0
    """Seconds between the last trial and the next."""
    opened: int = 0
    """How often it has opened."""

    def failed(self, now: float) -> Breaker:
        """Somebody's call failed. What fails while the breaker is open is no news."""
        if self.position is not Position.CLOSED:
            return self
        return Breaker(Position.OPEN, now + FIRST_PAUSE, FIRST_PAUSE, self.opened + 1)

    def is_due(self, now: float) -> bool:
        """Whether it is time for a trial."""
        return self.position is Position.OPEN and now >= self.due

    def trying(self) -> Breaker:
        """A trial begins.

        Raises:
            ValueError: None is to be made: it is closed, or is being tried.
        """
        if self.position is not Position.OPEN:
            raise ValueError(f"a breaker that is {self.position.value} is not tried")
        return replace(self, position=Position.TRYING)

    def tried(self, now: float, *, well: bool) -> Breaker:
        """A trial ended; one that went badly makes for a longer pause.

        Raises:
            ValueError: There was none.
        """
        if self.position is not Position.TRYING:
            raise ValueError(f"a breaker that is {self.position.value} was not tried")
        if well:
            return Breaker(opened=self.opened)
        pause = min(self.pause * 2, LONGEST_PAUSE)
        return Breaker(Position.OPEN, now + pause, pause, self.opened)


CLOSED: Final = Breaker()
