"""One table of a workload file: typed access to its keys, and errors that say where they are."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from surefoot import units
from surefoot.errors import UnitError, WorkloadError

__all__ = ["Table"]


class Table:
    """A table, where it stands in which file, and the keys it may hold.

    Args:
        source: The file's name.
        place: How a message calls the table, such as ``[[request]] 2``; empty for the top.
        values: The table.
        known: Its keys; ``None`` where any name may stand.

    Raises:
        WorkloadError: It holds a key it does not know, or is no table.
    """

    def __init__(self, source: str, place: str, values: Any, known: Sequence[str] | None) -> None:
        self.source = source
        self.place = place
        if not isinstance(values, Mapping):
            raise WorkloadError(f"{source}: {place} is {_said(values)}; it must be a table")
        self.values: Mapping[str, Any] = values
        for key in values:
            if known is not None and key not in known:
                near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                raise self.error(key, f"is no key that is known here; {hint}")

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def error(self, key: str, what: str) -> WorkloadError:
        """The error to raise: file, table, key and what is wrong with it."""
        where = f"{self.source}: {self.place}" if self.place else f"{self.source}:"
        return WorkloadError(f"{where} {key} {what}" if key else f"{where} {what}")

    def wrong(self, key: str, allowed: str) -> WorkloadError:
        """The error for a value that may not stand there."""
        return self.error(key, f"is {_said(self.values[key])}; allowed is {allowed}")

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "text")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def number(
        self, key: str, default: float, *, low: float, high: float, whole: bool = False
    ) -> float:
        """A number between ``low`` and ``high``."""
        value = self.values.get(key, default)
        fits = isinstance(value, int if whole and key in self.values else (int, float))
        if not fits or isinstance(value, bool) or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise self.wrong(key, f"{kind} from {low:g} to {high:g}")
        return float(value)

    def texts(self, key: str) -> dict[str, str]:
        """A table of texts; numbers are taken as they are written."""
        inner = self.child(key, known=None)
        out = {}
        for name, value in inner.values.items():
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise inner.wrong(name, "text")
            out[name] = str(value)
        return out

    def think(self, key: str, default: tuple[float, float]) -> tuple[float, float]:
        """A duration, or two between which one is drawn; seconds."""
        value = self.values.get(key)
        if value is None:
            return default
        pair = value if isinstance(value, list) else [value, value]
        try:
            low, high = (units.parse_duration(part) for part in pair)
        except (ValueError, TypeError, UnitError):
            low, high = 1.0, 0.0
        if not 0 <= low <= high <= 86_400:
            raise self.wrong(key, 'a duration such as "2s", or two: ["1s", "3s"]')
        return low, high

    def statuses(self, key: str) -> frozenset[int]:
        """A status or a list of them."""
        value = self.values.get(key, [])
        listed = value if isinstance(value, list) else [value]
        if not all(type(status) is int and 100 <= status <= 599 for status in listed):
            raise self.wrong(key, "a status such as 302, or a list of them")
        return frozenset(listed)

    def child(self, key: str, known: Sequence[str] | None) -> Table:
        """The table under ``key``; an empty one where there is none."""
        place = f"{self.place} [{key}]".strip()
        return Table(self.source, place, self.values.get(key, {}), known)

    def children(self, key: str, known: Sequence[str]) -> list[Table]:
        """The array of tables under ``key``."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, f"an array of tables, written [[{key}]]")
        place = f"{self.place} [[{key}]]".strip()
        return [
            Table(self.source, f"{place} {number}", each, known)
            for number, each in enumerate(value, 1)
        ]


def _said(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list) else str(value)
