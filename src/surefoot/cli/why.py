"""``surefoot why``: the reason for a line of the configuration."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from surefoot import config
from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.core.journal import Entry, to_document
from surefoot.toolbox.fingerprint import fingerprint
from surefoot.toolbox.journal import Journal
from surefoot.toolbox.journal.reason import Reason, known_key, reason
from surefoot.toolbox.journal.words import (
    action_words,
    day,
    factor,
    proven_words,
    value_words,
)

__all__ = ["COMMAND"]


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="server.threads, say")


def _execute(args: argparse.Namespace, console: Console) -> Reason:
    settings = config.load(Path.cwd())
    known_key(args.key)
    journal = Journal.open(settings)
    console.progress("looking at the code, the packages and the machine")
    return reason(args.key, settings, journal.history, journal.in_file(), fingerprint(settings))


def _text(found: Reason) -> str:
    width = min(120, shutil.get_terminal_size((96, 24)).columns)
    return "\n".join(
        wrapped
        for line in _lines(found)
        for wrapped in textwrap.wrap(line, width, subsequent_indent="  ")
    )


def _lines(found: Reason) -> Iterator[str]:
    here = f"{found.key} = {found.value}"
    if found.source in {"environment", "flag"}:
        yield f"{here}, from the {found.source}"
    if found.change is not None:
        yield _because(found, found.change)
    elif found.by_hand is not None:
        yield f"{here} ({found.source}) was set by hand after {_named(found.by_hand)}"
    elif found.reverted is not None:
        yield (
            f"{here} ({found.source}): change {found.reverted.reverts} was taken back "
            f"(entry {found.reverted.id}, {day(found.reverted)[:10]})"
        )
    elif found.source == "default":
        yield f"{here} is the default; the journal has no kept change of it"
    else:
        yield f"{here} is set in {found.source}; the journal has no kept change of it"
    for entry in found.dropped:
        yield f"tried and dropped: {_named(entry)}: {entry.verdict.get('why', '')}".rstrip(": ")
    if found.stale:
        yield "the proof is stale: " + "; ".join(found.stale)


def _because(found: Reason, change: Entry) -> str:
    edit = next(edit for edit in change.edits if edit.key == found.key)
    grounds = "; ".join(change.evidence) or change.how or change.lever
    return (
        f"{found.key} = {value_words(edit.after)} because {grounds} (change {change.id}, "
        f"{day(change)[:10]}: predicted {factor(change.predicted)}, proven {proven_words(change)})"
    )


def _named(entry: Entry) -> str:
    return f"change {entry.id} ({day(entry)[:10]}, {action_words(entry)})"


def _data(found: Reason) -> Mapping[str, Any]:
    def entry(value: Entry | None) -> Mapping[str, Any] | None:
        return to_document(value) if value is not None else None

    return {
        "key": found.key,
        "value": found.value,
        "from": found.source,
        "change": entry(found.change),
        "set_by_hand_after": entry(found.by_hand),
        "taken_back_by": entry(found.reverted),
        "dropped": [to_document(each) for each in found.dropped],
        "stale": list(found.stale),
        "text": _text(found),
    }


COMMAND = Command(
    name="why",
    summary="Say why a key of the configuration is what it is.",
    example="surefoot why server.threads",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
)
