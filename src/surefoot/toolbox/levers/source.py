"""Edits of single lines of the application, written out where the line can be read. No effects."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from surefoot.core.records import CodeEdit
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import edit_at

__all__ = ["awaited", "edit", "submitted"]

_SHOWN: Final = 100


def edit(
    case: Case, site: str, advice: str, rewrite: Callable[[str], str] | None = None
) -> CodeEdit:
    """An edit at ``"views.py:41"`` that quotes the line, with a diff where it can be rewritten.

    Args:
        case: It knows how the line reads.
        site: File and line.
        advice: What to do there.
        rewrite: The line's new text from its old; empty where it is none that it understands.
    """
    at = edit_at(site, advice)
    line = dict(case.evidence.lines).get(site, "")
    if not line:
        return at
    text = line.strip()
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    changed = rewrite(line) if rewrite is not None else ""
    diff = _diff(at, line, changed) if changed and changed != line else ""
    return CodeEdit(at.file, at.line, f"{advice}; it reads: {shown}", diff)


def _diff(at: CodeEdit, old: str, new: str) -> str:
    head = f"--- a/{at.file}\n+++ b/{at.file}\n"
    return f"{head}@@ -{at.line} +{at.line} @@\n-{old}\n+{new}\n"


def awaited(line: str) -> str:
    """The line with its blocking call awaited: a sleep of the loop's own, all else in a thread."""

    def replace(name: str, words: str) -> str:
        if name == "time.sleep":
            return f"await asyncio.sleep({words})"
        return f"await asyncio.to_thread({_listed(name, words)})"

    return _called(line, replace)


def submitted(line: str, to: str) -> str:
    """The line with its call handed to something that does it later, ``"tasks.add_task"``.

    Only a call whose result nobody uses can wait.
    """
    statement = _statement(line)
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return ""
    return _called(line, lambda name, words: f"{to}({_listed(name, words)})")


def _listed(name: str, words: str) -> str:
    return f"{name}, {words}" if words else name


def _statement(line: str) -> ast.stmt | None:
    try:
        body = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return None
    return body[0] if len(body) == 1 else None


def _called(line: str, replace: Callable[[str, str], str]) -> str:
    """The line with its first call replaced; empty where there is none to be sure of."""
    statement = _statement(line)
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.Call):
        return ""
    call = _first(value)
    text = line.strip()
    name = ast.get_source_segment(text, call.func)
    if name is None or not text.isascii() or call.end_col_offset is None:
        return ""
    words = text[call.col_offset + len(name) : call.end_col_offset].strip()[1:-1]
    new = replace(name, words.strip().removesuffix(","))
    if call is not value and new.startswith("await "):
        new = f"({new})"
    indent = line[: len(line) - len(line.lstrip())]
    return indent + text[: call.col_offset] + new + text[call.end_col_offset :]


def _first(call: ast.Call) -> ast.Call:
    """Of ``a(b).c(d)`` the call of ``a``, which runs before the other."""
    inner = call.func
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return _first(inner) if isinstance(inner, ast.Call) else call
