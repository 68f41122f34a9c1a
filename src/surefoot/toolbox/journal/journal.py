"""What the journal of one project holds, and the one way in which it and the configuration change.

A change that is kept alters two files, and a crash may come at any moment. The order is: the new
configuration is written beside the old one; the journal's line is written; the new configuration
takes the old one's place. Before the line nothing has happened. After it the change is kept, and
whoever opens the journal to write finds what lies beside the configuration and puts it in place.
A reader in between sees the old configuration and is told that the change is not in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from surefoot.config import Settings
from surefoot.core.journal import (
    Entry,
    Facts,
    History,
    KeyEdit,
    Kind,
    Parsed,
    Value,
    inverse,
    summary,
)
from surefoot.core.journal.entry import Action
from surefoot.core.proof import Verdict
from surefoot.core.records import Change
from surefoot.errors import OutputError, RefusedError, UsageError
from surefoot.toolbox.edit import config_file, file_values, leftovers, prepare, set_keys
from surefoot.toolbox.journal.file import add, read
from surefoot.toolbox.journal.lock import Lock

__all__ = ["Journal", "alone", "journal_file"]

_MARK: Final = "change-"


def journal_file(settings: Settings) -> Path:
    """Where the journal of this configuration is: ``surefoot.journal.jsonl`` beside it.

    Another configuration in the same directory, ``staging.toml``, has one of its own,
    ``staging.journal.jsonl``.
    """
    name = config_file(settings).stem
    return settings.directory / f"{'surefoot' if name == 'pyproject' else name}.journal.jsonl"


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Keep others from measuring or writing on this project: two runs at once falsify each other.

    A directory that cannot be written to has no journal either, and nobody to keep away.

    Raises:
        RefusedError: Another process is at work on it.
    """
    try:
        lock = Lock(journal_file(settings).with_suffix(".lock"))
    except OutputError:
        yield
        return
    try:
        yield
    finally:
        lock.release()


class Journal:
    """The journal of one project.

    ::

        with Journal.open(settings, exclusive=True) as journal:
            entry = journal.append(change, verdict, kept=True, facts=facts, evidence=texts)

    ``append`` with ``kept=True`` writes the line **and** sets the keys in ``surefoot.toml``: nobody
    needs to call ``set_keys`` beside it.

    Attributes:
        path: The file; it need not be there.
        configuration: The file whose keys are changed.
        notes: What was put right when it was opened.
    """

    def __init__(self, path: Path, configuration: Path, lock: Lock | None = None) -> None:
        self.path = path
        self.configuration = configuration
        self.notes: tuple[str, ...] = ()
        self._lock = lock
        self._parsed: Parsed = read(path)

    @classmethod
    def open(cls, settings: Settings, *, exclusive: bool = False) -> Self:
        """Read the journal of this configuration.

        Args:
            settings: Whose.
            exclusive: To write: no other process can until it is closed.

        Raises:
            RefusedError: Another process writes to it.
            JournalError: A line was damaged by hand.
            OutputError: The directory cannot be written to.
        """
        path = journal_file(settings)
        configuration = config_file(settings)
        if not exclusive:
            return cls(path, configuration)
        lock = Lock(path.with_suffix(".lock"))
        try:
            journal = cls(path, configuration, lock)
            journal._finish()
        except BaseException:
            lock.release()
            raise
        return journal

    def close(self) -> None:
        """Let others write."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry, oldest first."""
        return self._parsed.entries

    @property
    def history(self) -> History:
        """What follows from the entries."""
        return History(self.entries)

    def in_file(self) -> dict[str, Any]:
        """What the configuration file holds now, by dotted key."""
        return file_values(self.configuration)

    def append(
        self,
        change: Change,
        verdict: Verdict,
        *,
        kept: bool,
        facts: Facts,
        evidence: Iterable[str] = (),
    ) -> Entry:
        """Record a decided change and, where it is kept, set its keys in the configuration.

        Raises:
            OutputError: A file cannot be written; nothing has changed.
            ConfigError: The configuration would not be valid; nothing has changed.
        """
        entry = Entry(
            id=self.history.next_id,
            parent=self.history.parent,
            at=_now(),
            kind=Kind.CHANGE,
            kept=kept,
            lever=change.lever,
            where=change.where,
            how=change.how,
            action=self._action(change),
            evidence=tuple(evidence),
            predicted=change.predicted_gain,
            verdict=summary(verdict),
            facts=facts,
        )
        return self._commit(entry)

    def measured(self, figures: Mapping[str, Any], facts: Facts) -> Entry:
        """Record what was measured at the start or the end of a tune.

        Args:
            figures: Plain values by name, such as ``{"capacity": 211.0, "at": "start"}``.
            facts: What they depend on.
        """
        return self._commit(
            Entry(
                id=self.history.next_id,
                parent=self.history.parent,
                at=_now(),
                kind=Kind.MEASURED,
                figures=figures,
                facts=facts,
            )
        )

    def undo(self, number: int) -> Entry:
        """The entry that would take change ``number`` back; nothing is written.

        Raises:
            UsageError: There is no such change, or nothing of it to take back.
            RefusedError: It was taken back, or one of its keys was changed since.
        """
        entry = self.history.check_revert(number)
        in_file = self.in_file()
        for edit in entry.edits:
            self._refuse_edited(entry, edit, in_file.get(edit.key))
        return replace(
            entry,
            id=self.history.next_id,
            parent=self.history.parent,
            at=_now(),
            kind=Kind.REVERT,
            reverts=number,
            how=f"take back change {number}",
            action=inverse(entry.action),
            evidence=(),
            predicted=None,
            verdict={},
        )

    def revert(self, number: int, facts: Facts) -> Entry:
        """Take a change back: its keys in the configuration, and an entry that says so.

        Raises:
            UsageError: As for ``undo``.
            RefusedError: As for ``undo``.
            OutputError: A file cannot be written; nothing has changed.
        """
        return self._commit(replace(self.undo(number), facts=facts))

    def _refuse_edited(self, entry: Entry, edit: KeyEdit, found: Value) -> None:
        if found in (edit.file_after, edit.file_before):
            return
        raise RefusedError(
            f"{edit.key} is {_said(found)} in {self.configuration.name}, and change {entry.id} "
            f"set it to {_said(edit.file_after)}: it was edited since",
            do=f"set it yourself; before change {entry.id} it was {_said(edit.file_before)}",
        )

    def _action(self, change: Change) -> Action:
        action = change.action
        if not isinstance(action, tuple):
            return action
        in_file = self.in_file()
        for edit in action:
            for value in (edit.after, in_file.get(edit.key)):
                if not isinstance(value, str | int | float | None):
                    # What a factory is called with may be a secret, and tables have no inverse.
                    raise UsageError(f"the lever {change.lever} cannot change {edit.key}, a table")
        return tuple(
            KeyEdit(
                edit.key,
                in_file.get(edit.key, edit.before),
                edit.after,
                was_set=edit.key in in_file,
            )
            for edit in action
        )

    def _commit(self, entry: Entry) -> Entry:
        if self._lock is None:
            raise UsageError("this journal was opened to be read only")
        values = {edit.key: edit.file_after for edit in entry.edits} if entry.kept else {}
        if not values:
            self._add(entry)
            return entry
        prepared = prepare(self.configuration, values, f"{_MARK}{entry.id}")
        try:
            self._add(entry)
        finally:
            # What the file says counts: an interruption may come when the line is written already.
            if any(written.id == entry.id for written in read(self.path).entries):
                prepared.commit()
            else:
                prepared.discard()
        return entry

    def _add(self, entry: Entry) -> None:
        add(self.path, entry, self._parsed)
        self._parsed = Parsed((*self._parsed.entries, entry))

    def _finish(self) -> None:
        """Put in place what a crash left beside the configuration, or take it away."""
        for fresh in leftovers(self.configuration):
            entry = self._by_mark(fresh.name.rpartition(_MARK)[2])
            if entry is not None and self._untouched(entry):
                values = {edit.key: edit.file_after for edit in entry.edits}
                set_keys(self.configuration, values)
                self.notes += (f"finished change {entry.id}, which was interrupted",)
            with suppress(OSError):
                fresh.unlink()

    def _by_mark(self, mark: str) -> Entry | None:
        return next((e for e in self.entries if e.kept and str(e.id) == mark), None)

    def _untouched(self, entry: Entry) -> bool:
        in_file = self.in_file()
        return all(in_file.get(edit.key) == edit.file_before for edit in entry.edits)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _said(value: Value) -> str:
    return "at its default" if value is None else repr(value)
