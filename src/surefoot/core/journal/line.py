"""Entries as lines of JSON, and back: one object a line, whatever was done to the file since.

A line that was cut off while it was written, which only the last can be, is passed over. The next
entry starts on a line of its own and says ``follows_torn``, so that what the cut left behind is
told for ever from a line that somebody damaged by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from surefoot.core.journal.entry import Action, Entry, Facts, Host, KeyEdit, Kind
from surefoot.core.journal.fields import Fields, plain
from surefoot.core.records import CodeEdit, OutsideAction
from surefoot.errors import JournalError

__all__ = ["VERSION", "Parsed", "parse", "to_document", "to_line"]

VERSION: Final = 1
_UNREAD: Final = object()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole journal."""

    entries: tuple[Entry, ...]
    torn: bool = False
    """The file ends in a line that was cut off; the next entry has to say so."""
    ended: bool = True
    """The file ends in a line feed, or is empty; otherwise the next entry starts with one."""


def to_line(entry: Entry, *, follows_torn: bool = False) -> bytes:
    """The entry as the journal holds it, with its line feed."""
    told = to_document(entry)
    if follows_torn:
        told["follows_torn"] = True
    text = json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
    # A lone surrogate, as file names can have, is no UTF-8; replaced so, it is an escape of JSON.
    return text.encode("utf-8", "backslashreplace")


def to_document(entry: Entry) -> dict[str, Any]:
    """The entry as plain values, ready for JSON; what is not a finite number becomes null."""
    found: dict[str, Any] = {
        "v": VERSION,
        "id": entry.id,
        "parent": entry.parent,
        "at": entry.at,
        "kind": entry.kind.value,
        "kept": entry.kept,
    }
    if entry.kind is not Kind.MEASURED:
        found |= {"lever": entry.lever, "where": entry.where, "how": entry.how}
        found |= {"change": _action_document(entry.action), "evidence": list(entry.evidence)}
        found |= {"predicted": entry.predicted, "verdict": entry.verdict}
    if entry.kind is Kind.REVERT:
        found["reverts"] = entry.reverts
    if entry.kind is Kind.MEASURED:
        found["figures"] = entry.figures
    found["facts"] = _facts_document(entry.facts)
    document: dict[str, Any] = plain(found)
    return document


def parse(data: bytes, name: str = "the journal") -> Parsed:
    """Every entry of a journal.

    Args:
        data: The file.
        name: What errors call it.

    Raises:
        JournalError: A line that was not merely cut off cannot be understood; it is named.
    """
    entries: list[Entry] = []
    unread = 0
    for number, told in _loaded(data):
        if unread and not _follows_torn(told):
            raise _no_json(name, unread)
        unread = number if told is _UNREAD else 0
        if not unread:
            entry = _entry(told, f"{name}, line {number}")
            _check_order(entries, entry, f"{name}, line {number}")
            entries.append(entry)
    # Only what stands after the last line feed can have been cut off.
    if unread and unread != data.count(b"\n") + 1:
        raise _no_json(name, unread)
    return Parsed(tuple(entries), torn=bool(unread), ended=not data or data.endswith(b"\n"))


def _loaded(data: bytes) -> Iterator[tuple[int, Any]]:
    for number, raw in enumerate(data.split(b"\n"), 1):
        if raw.strip():
            try:
                yield number, json.loads(raw)
            except (ValueError, RecursionError):
                yield number, _UNREAD


def _follows_torn(told: Any) -> bool:
    return isinstance(told, dict) and told.get("follows_torn") is True


def _no_json(name: str, number: int) -> JournalError:
    return JournalError(f"{name}, line {number} is no JSON", do=_REPAIR)


def _check_order(entries: list[Entry], entry: Entry, where: str) -> None:
    if entries and entry.id <= entries[-1].id:
        raise JournalError(
            f"{where} has the id {entry.id}, and {entries[-1].id} stands before it",
            do="two journals were merged: give the later line and those after it higher ids",
        )


def _entry(told: Any, where: str) -> Entry:
    fields = Fields(told, where, _REPAIR)
    version = fields.whole("v")
    if version != VERSION:
        raise JournalError(
            f"{where} is of version {version}, and this Surefoot knows {VERSION}",
            do="use the release of Surefoot that wrote it, or a newer one",
        )
    kind = Kind(fields.one_of("kind", [kind.value for kind in Kind]))
    return Entry(
        id=fields.whole("id", least=1),
        parent=fields.whole("parent"),
        at=fields.text("at"),
        kind=kind,
        kept=fields.flag("kept"),
        lever=fields.text("lever", ""),
        where=fields.text("where", ""),
        how=fields.text("how", ""),
        action=_action(fields.table("change")),
        evidence=fields.texts("evidence"),
        predicted=fields.number("predicted"),
        verdict=fields.table("verdict").mapping,
        reverts=fields.whole("reverts") if kind is Kind.REVERT else 0,
        figures=fields.table("figures").mapping,
        facts=_facts(fields.table("facts")),
    )


def _action_document(action: Action) -> dict[str, Any]:
    if isinstance(action, tuple):
        return {"set": [_slots(edit) for edit in action]} if action else {}
    return {"edit" if isinstance(action, CodeEdit) else "outside": _slots(action)}


def _action(told: Fields) -> Action:
    if "outside" in told.mapping:
        outside = told.table("outside")
        return OutsideAction(outside.text("forward"), outside.text("inverse"))
    if "edit" in told.mapping:
        edit = told.table("edit")
        return CodeEdit(
            edit.text("file"), edit.whole("line"), edit.text("advice"), edit.text("diff", "")
        )
    return tuple(
        KeyEdit(
            each.text("key"),
            each.value("before"),
            each.value("after"),
            each.flag("was_set"),
            each.flag("stays_set"),
        )
        for each in told.tables("set")
    )


def _facts_document(facts: Facts) -> dict[str, Any]:
    return _slots(facts) | {"host": _slots(facts.host)}


def _facts(told: Fields) -> Facts:
    host = told.table("host")
    return Facts(
        told.text("code", ""),
        told.text("dependencies", ""),
        told.whole("data", 0),
        Host(
            host.text("cpu", ""),
            host.whole("cores", 0),
            host.whole("memory", 0),
            host.text("kernel", ""),
        ),
    )


def _slots(value: KeyEdit | OutsideAction | CodeEdit | Facts | Host) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__slots__}


_REPAIR: Final = (
    "undo the edit of that line (git checkout restores the file), or delete the line: "
    "every other one stays as it is"
)
