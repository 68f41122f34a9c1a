"""A command that starts an application, and what was made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Existing", "Left", "Start"]


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was not taken over."""

    what: str
    """As it is written, without any value that could be a secret."""
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Start:
    """One command line, and what its file says around it."""

    line: str
    """As for a shell."""
    where: str
    """``"Procfile, web"``."""
    directory: str = ""
    env_file: str = ""
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Existing:
    """What a start says in Surefoot's words."""

    where: str
    settings: Mapping[str, Any]
    """Dotted keys of the configuration."""
    left: tuple[Left, ...]
