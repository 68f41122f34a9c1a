"""What replicas are started from: the application as it was found, and its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from surefoot import config
from surefoot.config import Config
from surefoot.toolbox.target import Application, find_application

__all__ = ["Release", "find_release"]

_LOOPED: Final = 1000
"""Slots of an event loop: what waits there costs little, and a websocket keeps its slot."""
_KEPT_SECONDS: Final = 75.0


@dataclass(frozen=True, slots=True)
class Release:
    """One application, found and configured at one time."""

    number: int
    directory: Path
    """In which the command was given."""
    application: Application
    config: Config

    @property
    def slots(self) -> int:
        """Requests that one replica may work on at once."""
        threaded = self.application.interface == "wsgi"
        return self.config.server.threads if threaded else _LOOPED

    @property
    def served(self) -> Config:
        """The configuration of its servers.

        A balancer gives no more requests than there are slots. One thread more answers its checks
        then, which would else wait behind requests and make of a busy replica a dead one. And it
        keeps connections to replicas: what writes, and meets one that is just being closed, fails.
        """
        server = self.config.server
        if self.config.balancer.kind == "none":
            return self.config
        kept = max(server.keep_alive, _KEPT_SECONDS)
        spare = 1 if self.application.interface == "wsgi" else 0
        told = replace(server, threads=server.threads + spare, keep_alive=kept)
        return replace(self.config, server=told)

    @property
    def ready(self) -> str:
        """Where a replica says that it is ready; empty where it only has to answer."""
        prefix = self.config.health.prefix
        return f"{prefix}readyz" if prefix else ""


def find_release(number: int, directory: Path, flags: Mapping[str, Any]) -> Release:
    """Read the configuration and find the application anew, with code and packages of now.

    Raises:
        SurefootError: As ``config.load`` and ``find_application`` do.
    """
    settings = config.load(directory, flags=flags)
    return Release(number, directory, find_application(settings), settings.config)
