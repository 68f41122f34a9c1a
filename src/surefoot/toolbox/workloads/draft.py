"""A workload file to be: its tables, and everything that has to be said about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Draft", "LeftOut", "Needed", "Table", "counted", "shared_headers"]

Table = Mapping[str, Any]
"""One ``[[request]]`` or ``[[session]]``, as TOML gives it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the source that is not in the file."""

    what: str
    why: str
    count: int = 0
    """How many requests it was; 0 where that is not known."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Something that only the user can supply."""

    name: str
    """Of an environment variable, or of a file."""
    what: str
    """What it stands for, and where."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was made of one source.

    Args:
        source: What it was made from, in a few words.
    """

    source: str
    requests: tuple[Table, ...] = ()
    sessions: tuple[Table, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    users: int = 0
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    needed: tuple[Needed, ...] = ()
    rate: float = 0.0
    """Requests per second over the time the source covers; 0 where it tells no time."""
    peak: float = 0.0
    """The same in the busiest minute."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What was found for the names that are needed: for this process alone, never to be written."""
    private: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Likewise the rows of data tables that the user has to supply."""

    @property
    def count(self) -> int:
        """How many different requests it holds."""
        return len(self.requests) + sum(len(session["request"]) for session in self.sessions)

    def document(self) -> dict[str, Any]:
        """As the tables of a workload file."""
        parts: dict[str, Any] = {
            "users": self.users,
            "headers": dict(self.headers),
            "request": [dict(each) for each in self.requests],
            "session": [dict(each) for each in self.sessions],
            "data": dict(self.data),
        }
        return {key: value for key, value in parts.items() if value}


def counted(number: int, noun: str = "request") -> str:
    """So many of something, in words."""
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def shared_headers(tables: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Take the headers that all of these requests have in common out of them."""
    found = list(tables)
    heads: list[Mapping[str, str]] = [table.get("headers", {}) for table in found]
    shared = {
        name: value
        for name, value in (heads[0] if heads else {}).items()
        if all(head.get(name) == value for head in heads)
    }
    for table in found:
        rest = {n: v for n, v in table.pop("headers", {}).items() if n not in shared}
        if rest:
            table["headers"] = rest
    return shared
