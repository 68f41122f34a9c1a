"""What a worker is asked to watch, and what it says about one request: two lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["MARK", "Opened", "Place", "Sighting", "Watch", "step_number"]

MARK: Final = "X-Surefoot-Step"
"""Header that numbers a request, so that what was seen of it can be told from the others'."""

Place = tuple[str, int]
"""Absolute path of a source file and a line in it."""


def step_number(text: str) -> int:
    """The number that such a header says; -1 where it says none."""
    return int(text) if text.isascii() and text.isdigit() else -1


@dataclass(frozen=True, slots=True)
class Watch:
    """Lines and functions to look for, by absolute path of their file."""

    lines: Mapping[str, frozenset[int]] = field(default_factory=dict)
    functions: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """First lines of functions, their decorators included."""

    def to_json(self) -> str:
        """As ``from_json`` reads it."""
        return json.dumps({"lines": _lists(self.lines), "functions": _lists(self.functions)})

    @classmethod
    def from_json(cls, text: str) -> Watch:
        """What ``to_json`` wrote.

        Raises:
            ValueError: It is something else.
        """
        told = _object(text)
        return cls(_sets(told.get("lines")), _sets(told.get("functions")))


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that a request opened."""

    path: str
    """Absolute."""
    site: str
    """The application's line, ``"views.py:41"``; empty where none led there."""
    wrote: bool
    read: bool
    """Whether it was opened for reading and held something."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen while one request was served."""

    step: int
    """The number in its header; -1 for a request of somebody else's."""
    name: str
    """``"GET /books/<int:id>"``; the path where the framework tells no route."""
    status: int
    lines: frozenset[Place] = frozenset()
    functions: frozenset[Place] = frozenset()
    opened: tuple[Opened, ...] = ()

    def to_json(self) -> str:
        """One line, as ``from_json`` reads it."""
        files = [[each.path, each.site, each.wrote, each.read] for each in self.opened]
        return json.dumps(
            {
                "step": self.step,
                "name": self.name,
                "status": self.status,
                "lines": sorted(self.lines),
                "functions": sorted(self.functions),
                "opened": files,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Sighting:
        """What ``to_json`` wrote.

        Raises:
            ValueError: It is something else, as a line that a dying process left unfinished.
        """
        told = _object(text)
        try:
            return cls(
                int(told["step"]),
                str(told["name"]),
                int(told["status"]),
                frozenset((str(path), int(line)) for path, line in told["lines"]),
                frozenset((str(path), int(line)) for path, line in told["functions"]),
                tuple(
                    Opened(str(path), str(site), bool(wrote), bool(read))
                    for path, site, wrote, read in told["opened"]
                ),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"it tells of no request: {error!r}") from error


def _lists(table: Mapping[str, frozenset[int]]) -> dict[str, list[int]]:
    return {path: sorted(lines) for path, lines in table.items()}


def _sets(told: Any) -> dict[str, frozenset[int]]:
    if not isinstance(told, dict):
        raise ValueError("it lists no lines")  # noqa: TRY004 - one kind of error for one reader
    try:
        return {str(path): frozenset(map(int, lines)) for path, lines in told.items()}
    except TypeError as error:
        raise ValueError(f"it lists no lines: {error}") from error


def _object(text: str) -> dict[str, Any]:
    told = json.loads(text)
    if not isinstance(told, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - one kind of error for one reader
    return told
