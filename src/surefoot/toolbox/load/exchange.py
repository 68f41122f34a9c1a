"""One sending of a request: when it was due, when it was sent, and for whom."""

from __future__ import annotations

from typing import Final, Protocol

from surefoot.toolbox.load.answer import Answer
from surefoot.toolbox.load.journey import Journey
from surefoot.toolbox.load.prepared import Payload, Prepared

__all__ = ["CONNECTION_ERROR", "TIMED_OUT", "Exchange", "Owner"]

CONNECTION_ERROR: Final = 0
TIMED_OUT: Final = 1


class Owner(Protocol):
    """Who wanted an exchange."""

    def ended(self, exchange: Exchange, status: int, error: str, answer: Answer | None) -> None:
        """It is over: ``status`` was answered, or ``error`` says what happened instead."""


class Exchange:
    """One sending of a request: when it was due, when it was sent, and for whom."""

    __slots__ = (
        "due",
        "ended",
        "head",
        "journey",
        "lag",
        "owner",
        "prepared",
        "retried",
        "sent",
        "tail",
    )

    def __init__(
        self,
        owner: Owner,
        prepared: Prepared,
        due: float,
        lag: float,
        payload: Payload,
        journey: Journey | None = None,
    ) -> None:
        self.owner = owner
        self.prepared = prepared
        self.due = due
        self.lag = lag
        self.head, self.tail = payload
        self.journey = journey
        self.sent = self.ended = 0.0
        self.retried = False
