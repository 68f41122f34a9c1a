"""``surefoot log``: every change that was decided, why, what was predicted and what was proven."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot import config
from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.core.journal import Entry, Kind, State, stale, to_document
from surefoot.errors import JournalError
from surefoot.toolbox.fingerprint import fingerprint
from surefoot.toolbox.journal import Journal
from surefoot.toolbox.journal.words import action_words, day, factor, proven_words

__all__ = ["COMMAND", "opened"]

_INDENT = " " * 5


@dataclass(frozen=True, slots=True)
class _Line:
    """An entry and how it stands today."""

    entry: Entry
    state: State
    stale: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Log:
    journal: Path
    lines: tuple[_Line, ...]


def opened(settings: config.Settings) -> Journal:
    """The journal, to be read.

    Raises:
        JournalError: There is none yet, or it is damaged.
    """
    journal = Journal.open(settings)
    if not journal.entries:
        raise JournalError(
            f"there is no journal yet ({journal.path.name})",
            do="surefoot tune proves changes and writes one",
        )
    return journal


def _options(_parser: argparse.ArgumentParser) -> None:
    """It has none of its own."""


def _execute(_args: argparse.Namespace, console: Console) -> _Log:
    settings = config.load(Path.cwd())
    journal = opened(settings)
    console.progress("looking at the code, the packages and the machine")
    now = fingerprint(settings)
    in_file = journal.in_file()
    states = [(entry, journal.history.state(entry, in_file)) for entry in journal.entries]
    lines = (
        _Line(entry, state, stale(entry.facts, now) if state is State.KEPT else ())
        for entry, state in states
    )
    return _Log(journal.path, tuple(lines))


def _text(log: _Log) -> str:
    width = min(120, shutil.get_terminal_size((96, 24)).columns)
    head = ("id", "when (UTC)", "lever", "predicted", "proven", "")
    rows = [_row(line) for line in log.lines]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    shown = [_aligned(head, widths)]
    for line, row in zip(log.lines, rows, strict=True):
        shown += [_aligned(row, widths), *_below(line, width)]
    reasons = dict.fromkeys(reason for line in log.lines for reason in line.stale)
    if reasons:
        shown += ["", *_wrapped("stale: since it was proven, " + "; ".join(reasons), width, "")]
    return "\n".join(shown)


def _row(line: _Line) -> tuple[str, ...]:
    entry = line.entry
    state = str(line.state) + (" (stale)" if line.stale else "")
    if entry.kind is Kind.CHANGE:
        return (
            str(entry.id),
            day(entry),
            entry.lever,
            factor(entry.predicted),
            proven_words(entry),
            state,
        )
    what = f"revert of {entry.reverts}" if entry.kind is Kind.REVERT else "measured"
    return (str(entry.id), day(entry), what, "", "", "")


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.rjust(width) if column in {0, 3} else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _below(line: _Line, width: int) -> Iterator[str]:
    yield from _wrapped(action_words(line.entry), width)
    if line.entry.evidence:
        yield from _wrapped(f"because {line.entry.evidence[0]}", width)
    if line.state is State.DROPPED and (why := line.entry.verdict.get("why")):
        yield from _wrapped(f"dropped: {why}", width)


def _wrapped(text: str, width: int, indent: str = _INDENT) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent)


def _data(log: _Log) -> Mapping[str, Any]:
    return {
        "journal": str(log.journal),
        "entries": [
            to_document(line.entry)
            | {
                "proven": line.entry.proven,
                "proven_range": line.entry.proven_range,
                "state": line.state.value,
                "stale": list(line.stale),
            }
            for line in log.lines
        ],
    }


COMMAND = Command(
    name="log",
    summary="List every change that was decided: why, what was predicted, what was proven.",
    example="surefoot log",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
)
