"""The ``[data]`` table: lists, rows and CSV files that requests take values from."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from surefoot.toolbox.load.table import Table
from surefoot.toolbox.load.workload import Row

__all__ = ["read_data"]

_ALLOWED: Final = 'a list, a list of tables, or the name of a CSV file ("accounts.csv")'


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
