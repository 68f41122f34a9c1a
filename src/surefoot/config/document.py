"""The configuration as people read it: a commented file, and the table of the documentation."""

from __future__ import annotations

import textwrap
import types
from collections.abc import Iterator, Mapping
from typing import Any, Final

from surefoot.config.declared import Key, keys, listed

__all__ = ["commented_file", "reference"]

_WIDTH: Final = 97
_HEAD: Final = """\
# What Surefoot knows about this application, and how it is to be run.
# A line that is commented out shows its default. `surefoot config show` says what is in force.
"""
_PAGE: Final = """\
# Configuration

This page is written by `surefoot config reference`; the keys describe themselves.

Surefoot reads `surefoot.toml` in the working directory, or `[tool.surefoot]` in `pyproject.toml`
where there is no such file. `SUREFOOT_CONFIG` names another file. Parent directories are never
searched. Relative paths start at the directory of the file.

What is given last here is taken first: default, file, environment, flag. An unknown key, a wrong
type or an impossible value is an error that names the nearest right key. `surefoot config show`
says what is in force and where each value came from; `surefoot config schema` writes a JSON Schema
for editors; `surefoot init` writes a commented file.

A duration is written as `"250ms"`, `"30s"`, `"5m"` or a bare number of seconds.
"""


def commented_file(values: Mapping[str, Any] = types.MappingProxyType({})) -> str:
    """A ``surefoot.toml`` with every key and its description.

    Args:
        values: Dotted keys that are to be set; all others are commented out.
    """
    lines = [_HEAD.rstrip()]
    for table, members in _by_table():
        several = "*" in table or "[]" in table
        mark = "# " if several and not any(key.name in values for key in members) else ""
        lines += ["", f"{mark}{_heading(table)}"]
        for key in members:
            lines += [f"# {line}" for line in textwrap.wrap(key.doc, _WIDTH)]
            leaf = key.name.rpartition(".")[2]
            if key.name in values:
                lines.append(f"{leaf} = {key.text(values[key.name])}")
            else:
                lines.append(f"# {leaf} = {_default(key)}")
    return "\n".join(lines) + "\n"


def reference() -> str:
    """The Markdown page that lists every key."""
    lines = [_PAGE]
    for table, members in _by_table():
        lines += [f"## `{_heading(table)}`", ""]
        lines += [
            "| key | what it says | allowed | default | environment |",
            "|---|---|---|---|---|",
        ]
        lines += [_row(key) for key in members] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _by_table() -> Iterator[tuple[str, list[Key]]]:
    grouped: dict[str, list[Key]] = {}
    for key in (*keys(), *listed()):
        grouped.setdefault(key.name.rpartition(".")[0], []).append(key)
    yield from grouped.items()


def _heading(table: str) -> str:
    if table.endswith("[]"):
        return f"[[{table.removesuffix('[]')}]]"
    return f"[{table.replace('*', 'NAME')}]"


def _row(key: Key) -> str:
    leaf = key.name.rpartition(".")[2]
    default = f"`{_default(key)}`" if key.default not in ("", {}, ()) else ""
    variable = f"`{key.variable}`" if key.variable else ""
    return f"| `{leaf}` | {key.doc} | {key.allowed} | {default} | {variable} |"


def _default(key: Key) -> str:
    return "{}" if key.type is dict else key.text(key.default)
