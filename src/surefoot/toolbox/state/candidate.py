"""A line that may keep something for the next request."""

from __future__ import annotations

from dataclasses import dataclass

from surefoot.core.witness import Place

__all__ = ["Candidate", "Strength"]


class Strength:
    """How likely a line is to keep what the next request needs."""

    CERTAIN = 5
    """A global, a closure's variable, a class's attribute, an attribute of the application."""
    CACHE = 4
    SECRET = 4
    """A key drawn at random while the application starts."""
    ALIAS = 3
    """A local name for something that may outlive the request."""
    HELD = 2
    """A method of an object that somebody else's code made."""
    ARGUMENT = 1
    """What a function is given, and which may be anything."""
    DRAWN = 1
    """Any other value drawn at random while the application starts."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One place where something may be kept in the process."""

    file: str
    """Relative to the application."""
    line: int
    what: str
    """``"SESSIONS[token] = ..."``."""
    name: str
    """``"SESSIONS"``."""
    strength: int
    path: str
    lines: frozenset[int]
    """Any of them executed means that it was; empty for what runs once, at the start."""
    keys: frozenset[str]
    """What who reads it refers to: ``"shop.auth:SESSIONS"``, ``".visits"``."""
    owner: Place | None = None
    """The function whose every call makes it anew."""

    @property
    def at_start(self) -> bool:
        """Whether it is decided once, when the process starts."""
        return not self.lines

    @property
    def where(self) -> str:
        """``"shop/auth.py:31"``."""
        return f"{self.file}:{self.line}"
