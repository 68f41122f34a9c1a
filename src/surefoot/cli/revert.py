"""``surefoot revert``: take a kept change back."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot import config
from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.cli.log import opened
from surefoot.core.journal import Entry, to_document
from surefoot.core.records import CodeEdit, OutsideAction
from surefoot.toolbox.fingerprint import fingerprint
from surefoot.toolbox.journal import Journal
from surefoot.toolbox.journal.words import action_words

__all__ = ["COMMAND"]


@dataclass(frozen=True, slots=True)
class _Reverted:
    entry: Entry
    configuration: str
    notes: tuple[str, ...]
    dry_run: bool


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=int, metavar="N", help="which change; surefoot log has it")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and do nothing"
    )


def _execute(args: argparse.Namespace, console: Console) -> _Reverted:
    settings = config.load(Path.cwd())
    journal = opened(settings)
    if args.dry_run:
        undo = journal.undo(args.number)
        return _Reverted(undo, journal.configuration.name, (), dry_run=True)
    with Journal.open(settings, exclusive=True) as journal:
        journal.undo(args.number)
        console.progress("looking at the code, the packages and the machine")
        entry = journal.revert(args.number, fingerprint(settings))
        return _Reverted(entry, journal.configuration.name, journal.notes, dry_run=False)


def _text(reverted: _Reverted) -> str:
    entry = reverted.entry
    lines = list(reverted.notes)
    if isinstance(entry.action, OutsideAction):
        lines += [f"to take change {entry.reverts} back, run:", f"  {entry.action.forward}"]
    elif isinstance(entry.action, CodeEdit):
        lines += [f"to take change {entry.reverts} back, edit:", f"  {action_words(entry)}"]
    else:
        verb = "would be" if reverted.dry_run else "is"
        lines.append(
            f"change {entry.reverts} {verb} taken back in {reverted.configuration}: "
            f"{action_words(entry)}"
        )
    lines.append(
        "nothing was written" if reverted.dry_run else f"recorded in the journal as {entry.id}"
    )
    return "\n".join(lines)


def _data(reverted: _Reverted) -> Mapping[str, Any]:
    return {"dry_run": reverted.dry_run, "entry": to_document(reverted.entry)}


COMMAND = Command(
    name="revert",
    summary="Take a kept change back: its keys in surefoot.toml, or what to run or edit by hand.",
    example="surefoot revert 3 --dry-run",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
)
