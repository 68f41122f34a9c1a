"""One line of the journal: a change that was decided, an undo, or a measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from surefoot.core.proof import Measure
from surefoot.core.records import CodeEdit, OutsideAction

__all__ = ["Action", "Entry", "Facts", "Host", "KeyEdit", "Kind", "Value", "inverse"]

Value = str | int | float | bool | None


class Kind(StrEnum):
    """What an entry tells."""

    CHANGE = "change"
    """A change that was decided: kept or dropped."""
    REVERT = "revert"
    """An earlier change that was taken back."""
    MEASURED = "measured"
    """What was measured at the start or the end of a tune; changes nothing."""


@dataclass(frozen=True, slots=True)
class KeyEdit:
    """One key of the configuration, as it was in force before and after."""

    key: str
    before: Value
    after: Value
    was_set: bool = True
    """Whether the file held ``before``; otherwise it was the default and the key was not there."""
    stays_set: bool = True
    """Whether the file holds ``after``; otherwise the key was removed, and it is the default."""

    @property
    def file_before(self) -> Value:
        """What the file held before; ``None`` where the key was not in it."""
        return self.before if self.was_set else None

    @property
    def file_after(self) -> Value:
        """What the file holds after; ``None`` where the key is not in it."""
        return self.after if self.stays_set else None


Action = tuple[KeyEdit, ...] | OutsideAction | CodeEdit


@dataclass(frozen=True, slots=True)
class Host:
    """The machine something was proven on, without its name."""

    cpu: str = ""
    cores: int = 0
    memory: int = 0
    """Bytes."""
    kernel: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a proof depends on; when one of these changes, it has gone stale."""

    code: str = ""
    """Hash of the application's own source files; empty where it is not known, as below."""
    dependencies: str = ""
    """Hash of the names and versions of the packages in its environment."""
    data: int = 0
    """Size of the database in bytes; 0 where it is not known."""
    host: Host = field(default_factory=Host)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    id: int
    parent: int
    """The last kept entry that it built on; 0 for the first."""
    at: str
    """UTC, ``"2026-11-21T11:02:33Z"``."""
    kind: Kind
    kept: bool = False
    lever: str = ""
    where: str = ""
    how: str = ""
    """What is done, in a sentence."""
    action: Action = ()
    evidence: tuple[str, ...] = ()
    predicted: float | None = None
    """Capacity after / capacity before, as the model had it."""
    verdict: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """``core.proof.document`` without its blocks and without the answers' contents."""
    reverts: int = 0
    """The change that a revert takes back."""
    figures: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What a measurement found, by name."""
    facts: Facts = field(default_factory=Facts)

    @property
    def edits(self) -> tuple[KeyEdit, ...]:
        """The keys of the configuration that it is about; empty for any other kind of change."""
        return self.action if isinstance(self.action, tuple) else ()

    @property
    def proven(self) -> float | None:
        """The proven factor, above 1 for the better; ``None`` where none was measured."""
        return self._gain("value")

    @property
    def proven_range(self) -> tuple[float, float] | None:
        """The interval around ``proven``, lower end first."""
        ends = self._gain("low"), self._gain("high")
        if ends[0] is None or ends[1] is None:
            return None
        return min(ends[0], ends[1]), max(ends[0], ends[1])

    def _gain(self, part: str) -> float | None:
        decided = self.verdict.get("decided_on")
        ratio = self.verdict.get(f"{decided}_ratio")
        value = ratio.get(part) if isinstance(ratio, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            return None
        return float(value) if decided == Measure.CAPACITY else 1 / value


def inverse(action: Action) -> Action:
    """What takes an action back."""
    if isinstance(action, tuple):
        return tuple(
            KeyEdit(edit.key, edit.after, edit.before, edit.stays_set, edit.was_set)
            for edit in action
        )
    if isinstance(action, OutsideAction):
        return OutsideAction(action.inverse, action.forward)
    return CodeEdit(action.file, action.line, f"take back: {action.advice}")
