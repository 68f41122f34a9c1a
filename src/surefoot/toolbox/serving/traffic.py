"""How requests come to the replicas: by the held socket alone, or by a balancer before it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Protocol

from surefoot.config import Config
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

    async def adopt(self, known: Identity | None, units: Iterable[Unit]) -> None:
        """Go on with what another supervisor has started: a balancer, and units that are up."""

    async def configure(self, config: Config) -> None:
        """Deal requests out as this says from now on."""

    async def add(self, unit: Unit) -> None:
        """Send requests to this one too; returns when it gets them."""

    async def drain(self, unit: Unit) -> None:
        """Send it no new ones.

        Raises:
            BalancerError: It could not be had; it still gets some.
        """

    async def idle(self, unit: Unit) -> bool:
        """Whether none is on its way through it."""

    async def remove(self, unit: Unit) -> None:
        """Forget it.

        Raises:
            BalancerError: It could not be had.
        """

    async def end(self, seconds: float) -> None:
        """Take no more requests, and finish those that are under way within so long."""

    def leave(self) -> None:
        """Let it live on without us."""


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

    async def adopt(self, known: Identity | None, units: Iterable[Unit]) -> None:
        """They accept by themselves."""

    async def configure(self, config: Config) -> None:
        """There is nothing to say."""

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

    def leave(self) -> None:
        """They go on by themselves."""
