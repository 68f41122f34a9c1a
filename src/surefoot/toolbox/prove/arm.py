"""One of the two that a proof compares: an application and how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from surefoot.config import Settings
from surefoot.toolbox.target import Application

__all__ = ["Arm", "newly_for_everybody", "population"]

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
        if self.application.interface == "asgi":
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


def newly_for_everybody(base: Arm, variant: Arm) -> tuple[str, ...]:
    """Routes that the variant answers alike for everybody, and that nobody has proven to be so.

    Those of the base were, for the same application with the same settings.
    """
    before = _for_everybody(base) if _same_application(base, variant) else ()
    return tuple(route for route in _for_everybody(variant) if route not in before)


def _for_everybody(arm: Arm) -> tuple[str, ...]:
    return tuple(each.route for each in arm.settings.config.cache.response if each.everybody)


def _same_application(one: Arm, other: Arm) -> bool:
    return one.application.directory == other.application.directory and (
        one.settings.config.app == other.settings.config.app
    )
