"""Dotted names of keys, followed through tables.

``server.threads``, ``database.main.pool_size``, and ``cache.response[GET /books/<int:id>].ttl`` for
one table of a list: by the value of its first key, which tells it from the others, so that a name
means the same whatever else is in the list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence
from dataclasses import dataclass
from typing import Any, Final

from surefoot.config.declared import LISTED

__all__ = ["Entry", "Part", "entry_name", "find", "identity", "leaves", "put", "split"]

_WHOLE: Final = frozenset({"app.settings"})
"""What a factory is called with is one value, however deep it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a list."""

    key: str
    """Of the tables, the one that tells them apart."""
    value: str


Part = str | Entry


def identity(listed: str) -> str:
    """The key that tells the tables of a list apart: ``"route"`` of ``"cache.response"``."""
    return dataclasses.fields(LISTED[listed])[0].name


def entry_name(listed: str, value: str, leaf: str) -> str:
    """``"cache.response[GET /].ttl"`` of ``"cache.response"``, ``"GET /"`` and ``"ttl"``."""
    return f"{listed}[{value}].{leaf}"


def split(name: str) -> list[Part]:
    """The parts of a dotted name; the value between brackets may hold dots and brackets."""
    for listed in LISTED:
        value, closed, leaf = name.removeprefix(f"{listed}[").rpartition("].")
        if closed and name.startswith(f"{listed}["):
            return [*listed.split("."), Entry(identity(listed), value), leaf]
    return list(name.split("."))


def find(tables: Any, name: str) -> Any:
    """What stands under a dotted name; ``None`` where nothing does."""
    for part in split(name):
        tables = _step(tables, part)
    return tables


def _step(table: Any, part: Part) -> Any:
    if isinstance(part, Entry):
        each = table if isinstance(table, list | tuple) else ()
        return next((one for one in each if _is(one, part)), None)
    return table.get(part) if isinstance(table, Mapping) else None


def _is(table: Any, entry: Entry) -> bool:
    return isinstance(table, Mapping) and table.get(entry.key) == entry.value


def put(tables: MutableMapping[str, Any], name: str, value: Any) -> None:
    """Set what stands under a dotted name, making the tables that lead there.

    ``None`` takes it out; a table of a list goes with the key that tells it apart.
    """
    *path, leaf = split(name)
    assert isinstance(leaf, str)
    table: Any = tables
    for part, after in zip(path, [*path[1:], leaf], strict=True):
        table, outer = _step(table, part), table
        if table is None:
            if value is None:
                return
            table = _made(outer, part, after)
    if value is not None:
        table[leaf] = value
        return
    table.pop(leaf, None)
    last = path[-1]
    if isinstance(last, Entry) and leaf == last.key:
        outer.remove(table)


def _made(outer: Any, part: Part, after: Part) -> Any:
    if isinstance(part, Entry):
        assert isinstance(outer, MutableSequence)
        outer.append({part.key: part.value})
        return outer[-1]
    outer[part] = [] if isinstance(after, Entry) else {}
    return outer[part]


def leaves(tables: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of these tables by its dotted name."""
    for key, value in tables.items():
        name = f"{prefix}{key}"
        if name in LISTED and isinstance(value, list | tuple):
            for entry in value:
                told = entry.get(identity(name), "") if isinstance(entry, Mapping) else ""
                yield from leaves(entry, f"{name}[{told}].") if told else ((name, value),)
        elif isinstance(value, Mapping) and name not in _WHOLE:
            yield from leaves(value, f"{name}.")
        else:
            yield name, value
