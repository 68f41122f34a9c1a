"""What replicas are started from: the application as it was found, and its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot import config
from surefoot.config import Config
from surefoot.toolbox.target import Application, find_application

__all__ = ["Release", "find_release"]


@dataclass(frozen=True, slots=True)
class Release:
    """One application, found and configured at one time."""

    number: int
    directory: Path
    """In which the command was given."""
    application: Application
    config: Config


def find_release(number: int, directory: Path, flags: Mapping[str, Any]) -> Release:
    """Read the configuration and find the application anew, with code and packages of now.

    Raises:
        SurefootError: As ``config.load`` and ``find_application`` do.
    """
    settings = config.load(directory, flags=flags)
    return Release(number, directory, find_application(settings), settings.config)
