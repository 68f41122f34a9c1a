"""Plain tables as the text of a workload file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from surefoot.toolbox.workloads.draft import Draft, Table, counted

__all__ = ["to_toml"]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH: Final = 100
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


def to_toml(draft: Draft) -> str:
    """The file: what it was made from, its tables, and what is not in it."""
    document = draft.document()
    lines = [*_head(draft), ""]
    if draft.users:
        lines += [f"users = {draft.users}", ""]
    if draft.headers:
        lines += ["[headers]", *_pairs(draft.headers), ""]
    for request in document.get("request", ()):
        lines += ["[[request]]", *_pairs(request), ""]
    for session in document.get("session", ()):
        lines += _session(session)
    lines += _data(draft.data)
    lines += [_comment(line) for line in _left_out(draft)]
    return "\n".join(lines).rstrip() + "\n"


def _head(draft: Draft) -> Iterator[str]:
    yield _comment(f"Made from {draft.source}.")
    yield from (_comment(note) for note in draft.notes)
    for needed in draft.needed:
        yield _comment(f"You supply {needed.name}: {needed.what}")


def _left_out(draft: Draft) -> Iterator[str]:
    for left in draft.left_out:
        count = f" ({counted(left.count)})" if left.count else ""
        yield f"left out: {left.what}{count}: {left.why}"


def _comment(text: str) -> str:
    return "# " + _UNPRINTABLE.sub(" ", text)


def _session(session: Table) -> Iterator[str]:
    yield "[[session]]"
    yield from _pairs({key: value for key, value in session.items() if key != "request"})
    yield ""
    for step in session["request"]:
        yield "[[session.request]]"
        yield from _pairs(step)
        yield ""


def _data(data: Mapping[str, Any]) -> Iterator[str]:
    counted = {name: value for name, value in data.items() if isinstance(value, Mapping)}
    rest = {name: value for name, value in data.items() if name not in counted}
    if rest:
        yield from ("[data]", *_pairs(rest), "")
    for name, counts in counted.items():
        yield from (f"[data.{_key(name)}]", *_pairs(counts), "")


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        line = f"{_key(key)} = {_value(value)}"
        # Only arrays may go on in the next line.
        long = isinstance(value, list | tuple) and len(line) > _WIDTH
        yield from _array(key, value) if long else (line,)


def _array(key: str, values: Sequence[Any]) -> Iterator[str]:
    yield f"{_key(key)} = ["
    line = ""
    for value in values:
        text = f"{_value(value)}, "
        if line and len(line) + len(text) > _WIDTH - 4:
            yield f"    {line.rstrip()}"
            line = ""
        line += text
    yield f"    {line.rstrip()}"
    yield "]"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items())
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but TOML takes no bare DEL and no halves of a pair.
    quoted = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    return quoted.replace("\x7f", "\\u007f")
