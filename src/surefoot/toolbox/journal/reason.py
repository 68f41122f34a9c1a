"""Why a key of the configuration is what it is."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surefoot import config
from surefoot.config import Settings
from surefoot.config.path import find, split
from surefoot.core.journal import Entry, Facts, History, Kind, stale
from surefoot.errors import UsageError
from surefoot.toolbox.journal.words import value_words

__all__ = ["Reason", "known_key", "reason"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One key: what it is, where that came from, and what the journal knows of it."""

    key: str
    value: str
    """As the file would hold it."""
    source: str
    """``"default"``, the name of a file, ``"environment"`` or ``"flag"``."""
    change: Entry | None = None
    """The kept change that it is in force through."""
    by_hand: Entry | None = None
    """The kept change that the file no longer agrees with."""
    reverted: Entry | None = None
    """The revert that was the last to touch it."""
    dropped: tuple[Entry, ...] = ()
    """Changes of it that were tried and not kept."""
    stale: tuple[str, ...] = ()


def known_key(name: str) -> config.Key:
    """The declared key of this dotted name.

    Raises:
        UsageError: There is none; the nearest is named.
    """
    found = {key.name: key for key in (*config.keys(), *config.listed())}
    table, _, leaf = name.rpartition(".")
    if not all(isinstance(part, str) for part in split(name)):
        name = f"{table.partition('[')[0]}[].{leaf}"
    for candidate in (name, f"{table.partition('.')[0]}.*.{leaf}"):
        if candidate in found and ("*" not in candidate or table.count(".") == 1):
            return found[candidate]
    near = difflib.get_close_matches(name, found, n=1, cutoff=0.0)[0]
    raise UsageError(
        f"there is no key {name}", do=f"did you mean {near}? surefoot config show lists them all"
    )


def reason(
    name: str, settings: Settings, history: History, in_file: Mapping[str, Any], facts: Facts
) -> Reason:
    """Find out why a key is what it is.

    Args:
        name: Dotted.
        settings: What is in force.
        history: What was changed.
        in_file: What the configuration file holds, by dotted key.
        facts: What a proof would depend on today.

    Raises:
        UsageError: There is no such key.
    """
    declared = known_key(name)
    value = _value(name, declared, settings)
    source = settings.sources.get(name, "default")
    dropped = tuple(
        entry
        for entry in history.entries
        if entry.kind is Kind.CHANGE and not entry.kept and _touches(entry, name)
    )
    last = history.last_edit(name)
    if last is None:
        return Reason(name, value, source, dropped=dropped)
    holder = history.holders()[name]
    if in_file.get(name) != last[1].file_after:
        return Reason(name, value, source, by_hand=holder or last[0], dropped=dropped)
    if holder is None:
        return Reason(name, value, source, reverted=last[0], dropped=dropped)
    return Reason(
        name, value, source, change=holder, dropped=dropped, stale=stale(holder.facts, facts)
    )


def _touches(entry: Entry, name: str) -> bool:
    return any(edit.key == name for edit in entry.edits)


def _value(name: str, declared: config.Key, settings: Settings) -> str:
    if declared.type is dict:
        # A factory's arguments may be secrets.
        return "{...}"
    found = find(config.to_mapping(settings.config), name)
    if found is None:
        return value_words(declared.default)
    return declared.text(declared.public(found))
