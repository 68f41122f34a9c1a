"""How requests come to the replicas: by the held socket alone, or by a balancer before it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Protocol

from surefoot.toolbox.process.known import Identity
from surefoot.toolbox.serving.unit import Unit

__all__ = ["Accepting", "Traffic"]


class Traffic(Protocol):
    """What stands before the replicas of a project."""

    @property
    def process(self) -> Identity | None:
        """The balancer's; ``None`` where there is none."""

    def shared(self) -> tuple[int, ...]:
        """Listening sockets that every replica accepts from besides its own."""

    async def begin(self, units: Iterable[Unit]) -> None:
        """Send requests to these, which are up."""

    async def add(self, unit: Unit) -> None:
        """Send requests to this one too; returns when it gets them."""

    async def drain(self, unit: Unit) -> None:
        """Send it no new ones."""

    async def idle(self, unit: Unit) -> bool:
        """Whether none is on its way through it."""

    async def remove(self, unit: Unit) -> None:
        """Forget it."""

    async def end(self, seconds: float) -> None:
        """Take no more requests, and finish those that are under way within so long."""


class Accepting:
    """Every replica accepts from the held sockets itself; one that is told to end stops that.

    Args:
        fronts: The held sockets.
    """

    process = None

    def __init__(self, fronts: Iterable[socket.socket]) -> None:
        self._fronts = tuple(fronts)

    def shared(self) -> tuple[int, ...]:
        """All of them."""
        return tuple(front.fileno() for front in self._fronts)

    async def begin(self, units: Iterable[Unit]) -> None:
        """They do so by themselves."""

    async def add(self, unit: Unit) -> None:
        """It does so by itself."""

    async def drain(self, unit: Unit) -> None:
        """Nothing keeps it from accepting but its end."""

    async def idle(self, unit: Unit) -> bool:  # noqa: ARG002 - the interface
        """What is under way it finishes when it is told to end."""
        return True

    async def remove(self, unit: Unit) -> None:
        """Nothing knew of it."""

    async def end(self, seconds: float) -> None:
        """Their ends are the end."""
