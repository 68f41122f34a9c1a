"""One of the two that a proof compares: an application and how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from surefoot.config import Settings
from surefoot.toolbox.target import LOOPED, Application

__all__ = ["Arm", "population"]

_LOOP_SLOTS: Final = 32
_MOST_IN_FLIGHT: Final = 64


@dataclass(frozen=True, slots=True)
class Arm:
    """An application and its configuration."""

    label: str
    """``"base"``, ``"again"`` (the base once more) or ``"variant"``."""
    application: Application
    settings: Settings

    @property
    def processes(self) -> int:
        """Processes that answer requests."""
        server = self.settings.config.server
        return server.replicas * server.workers

    @property
    def slots(self) -> int:
        """Requests that it may work on at once."""
        server = self.settings.config.server
        if self.application.interface in LOOPED:
            return _LOOP_SLOTS * self.processes
        return server.threads * self.processes

    def relabelled(self, label: str) -> Arm:
        """The same under another name."""
        return replace(self, label=label)

    def told(self, environment: Mapping[str, str]) -> Arm:
        """The same with these variables in its processes' environment."""
        merged = {**self.application.environment, **environment}
        return replace(self, application=replace(self.application, environment=merged))


def population(*arms: Arm) -> int:
    """How many requests are kept in flight: twice the slots of the one that has more."""
    return min(_MOST_IN_FLIGHT, 2 * max(arm.slots for arm in arms))
