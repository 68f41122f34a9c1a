"""The ``[data]`` table: lists, rows and CSV files that requests take values from."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from surefoot.toolbox.load.table import Table
from surefoot.toolbox.load.workload import Row

__all__ = ["numbers_in", "read_data"]

_ALLOWED: Final = (
    'a list, a list of tables, a table of values and how often each is drawn ({ "7" = 3 }), '
    'or the name of a CSV file ("accounts.csv")'
)
_MOST_ROWS: Final = 1_000_000


def numbers_in(table: Table) -> frozenset[str]:
    """The names that stand for numbers only, which JSON takes as numbers."""
    return frozenset(
        f"{name}.{column}" if column else name
        for name, entries in table.values.items()
        if isinstance(entries, list) and entries
        for column in (entries[0] if isinstance(entries[0], Mapping) else ("",))
        if all(_is_number(entry, column) for entry in entries)
    )


def _is_number(entry: Any, column: str) -> bool:
    value = entry.get(column) if isinstance(entry, Mapping) else entry
    return type(value) in {int, float}


def read_data(table: Table, directory: Path) -> dict[str, tuple[Row, ...]]:
    """The rows of every entry; a plain list gives ``{name}``, rows give ``{name.column}``.

    Raises:
        WorkloadError: An entry is empty, of the wrong type, or a file that cannot be read.
    """
    return {name: _rows(table, name, directory) for name in table.values}


def _rows(table: Table, name: str, directory: Path) -> tuple[Row, ...]:
    if not name.isidentifier() or name == "env":
        raise table.error(name, "is no name that a {place} can hold")
    value = table.values[name]
    if isinstance(value, str):
        rows: list[Row] = _csv(table, name, directory / value)
    elif isinstance(value, list):
        rows = [_row(table, name, entry) for entry in value]
    elif isinstance(value, Mapping):
        rows = _repeated(table, name, value)
    else:
        raise table.wrong(name, _ALLOWED)
    if not rows:
        raise table.error(name, "is empty")
    if any(row.keys() != rows[0].keys() for row in rows):
        raise table.error(name, "has rows with different columns")
    return tuple(rows)


def _row(table: Table, name: str, entry: Any) -> Row:
    values = entry if isinstance(entry, Mapping) else {"": entry}
    row = {}
    for column, value in values.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise table.wrong(name, _ALLOWED)
        row[f"{name}.{column}" if column else name] = str(value)
    return row


def _repeated(table: Table, name: str, counts: Mapping[str, Any]) -> list[Row]:
    """A row for each value, as often in the list as it shall be drawn."""
    whole = all(type(count) is int and count > 0 for count in counts.values())
    if not whole or sum(counts.values()) > _MOST_ROWS:
        raise table.error(name, f"must say how often in whole numbers, {_MOST_ROWS:,} at most")
    return [row for value, count in counts.items() for row in [{name: value}] * count]


def _csv(table: Table, name: str, path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
    except OSError as error:
        raise table.error(name, f"names {path.name}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise table.error(name, f"names {path.name}, which is no CSV file: {error}") from error
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise table.error(name, f"names {path.name}, whose line {number} has another length")
    return [{f"{name}.{column.strip()}": value for column, value in row.items()} for row in rows]
