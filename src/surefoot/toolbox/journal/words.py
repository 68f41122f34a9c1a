"""Entries of the journal in words."""

from __future__ import annotations

from surefoot.core.journal import Entry, Kind, Value
from surefoot.core.records import CodeEdit, OutsideAction

__all__ = ["action_words", "day", "factor", "proven_words", "value_words"]


def action_words(entry: Entry) -> str:
    """What was done: ``"server.threads 4 -> 8"``, a command, or a line to edit."""
    if entry.kind is Kind.MEASURED:
        return ", ".join(f"{name} {_figure(value)}" for name, value in entry.figures.items())
    if isinstance(entry.action, OutsideAction):
        return entry.action.forward
    if isinstance(entry.action, CodeEdit):
        return f"{entry.action.file}:{entry.action.line}: {entry.action.advice}"
    edits = (
        f"{edit.key} {value_words(edit.before)} -> {value_words(edit.after)}"
        for edit in entry.edits
    )
    return ", ".join(edits) or entry.how


def value_words(value: Value) -> str:
    """A value as the configuration file holds it; empty text leaves a key at its default."""
    if value is None or value == "":
        return "(default)"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def factor(value: float | None) -> str:
    """``"1.90x"``; a dash where there is none."""
    return "-" if value is None else f"{value:.2f}x"


def proven_words(entry: Entry) -> str:
    """The proven factor with its interval, or why there is none."""
    outcome = str(entry.verdict.get("verdict", ""))
    if entry.proven is None or outcome == "wrong-answers":
        return outcome.replace("-", " ") or "-"
    ends = entry.proven_range
    return factor(entry.proven) + (f" ({ends[0]:.2f} to {ends[1]:.2f})" if ends else "")


def day(entry: Entry) -> str:
    """When it was, to the minute, UTC."""
    return entry.at[:16].replace("T", " ")


def _figure(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
