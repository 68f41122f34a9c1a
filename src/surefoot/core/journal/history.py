"""What follows from the entries: what each key is in force through, and what may be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from surefoot.core.journal.entry import Entry, KeyEdit, Kind, Value
from surefoot.errors import RefusedError, UsageError

__all__ = ["History", "State"]


class State(StrEnum):
    """How an entry stands today."""

    KEPT = "kept"
    DROPPED = "dropped"
    REVERTED = "reverted"
    OVERTAKEN = "overtaken"
    """Kept, and every key of it was changed again by a later one."""
    ABSENT = "not in force"
    """Kept, but the configuration holds something else: edited by hand, or never reached it."""
    TOLD = ""
    """A revert or a measurement: it happened, and that is all."""


@dataclass(frozen=True, slots=True)
class History:
    """The entries of one journal, oldest first."""

    entries: tuple[Entry, ...] = ()

    @property
    def next_id(self) -> int:
        """The id of the entry to come."""
        return self.entries[-1].id + 1 if self.entries else 1

    @property
    def parent(self) -> int:
        """The last entry that changed something and was kept; 0 when there is none."""
        return next((entry.id for entry in reversed(self.entries) if entry.kept), 0)

    def entry(self, number: int) -> Entry:
        """The entry of this id.

        Raises:
            UsageError: There is none.
        """
        for entry in self.entries:
            if entry.id == number:
                return entry
        raise UsageError(
            f"the journal has no change {number}", do="surefoot log lists the changes that it has"
        )

    def holders(self) -> dict[str, Entry | None]:
        """Each key that was ever changed, with the kept change that it is in force through.

        ``None`` stands where every change of the key was taken back.
        """
        stacks: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for edit in entry.edits if entry.kept else ():
                stack = stacks.setdefault(edit.key, [])
                if entry.kind is Kind.REVERT:
                    stacks[edit.key] = [below for below in stack if below.id != entry.reverts]
                else:
                    stack.append(entry)
        return {key: stack[-1] if stack else None for key, stack in stacks.items()}

    def last_edit(self, key: str) -> tuple[Entry, KeyEdit] | None:
        """The last kept entry that touched this key, reverts included, and what it did to it."""
        for entry in reversed(self.entries):
            for edit in entry.edits if entry.kept else ():
                if edit.key == key:
                    return entry, edit
        return None

    def reverted_by(self, number: int) -> Entry | None:
        """The entry that takes this one back."""
        return next((e for e in self.entries if e.kept and e.reverts == number), None)

    def state(self, entry: Entry, in_file: Mapping[str, Value]) -> State:
        """How an entry stands.

        Args:
            entry: One of these entries.
            in_file: What the configuration file holds, by dotted key.
        """
        if entry.kind is not Kind.CHANGE:
            return State.TOLD
        if not entry.kept:
            return State.DROPPED
        if self.reverted_by(entry.id) is not None:
            return State.REVERTED
        holders = self.holders()
        own = [edit for edit in entry.edits if _is(holders[edit.key], entry)]
        if entry.edits and not own:
            return State.OVERTAKEN
        if any(in_file.get(edit.key) != edit.file_after for edit in own):
            return State.ABSENT
        return State.KEPT

    def check_revert(self, number: int) -> Entry:
        """The entry of this id, if it may be taken back.

        Raises:
            UsageError: There is no such entry, or it changed nothing.
            RefusedError: It was taken back already, or a later change touched one of its keys.
        """
        entry = self.entry(number)
        if entry.kind is not Kind.CHANGE:
            raise UsageError(
                f"entry {number} is no change: it is a {_NOUNS[entry.kind]}",
                do="surefoot log lists the changes",
            )
        if not entry.kept:
            raise UsageError(f"change {number} was dropped, so there is nothing to take back")
        undone = self.reverted_by(number)
        if undone is not None:
            raise RefusedError(f"change {number} was taken back already, by entry {undone.id}")
        holders = self.holders()
        for edit in entry.edits:
            later = holders[edit.key]
            if later is not None and later.id != entry.id:
                raise RefusedError(
                    f"change {later.id} ({later.lever}) set {edit.key} again "
                    f"after change {number} did",
                    do=f"take that one back first: surefoot revert {later.id}",
                )
        return entry


def _is(holder: Entry | None, entry: Entry) -> bool:
    return holder is not None and holder.id == entry.id


_NOUNS: Final = {Kind.REVERT: "revert", Kind.MEASURED: "measurement"}
