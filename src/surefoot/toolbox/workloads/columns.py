"""Values that requests of one kind were seen with, as places of a template.

A column is one value of a request: a part of its path, a parameter, a field. What was always the
same is written down. Whole numbers that were asked for evenly become a range. All else becomes a
list in which each value stands as often as it was seen, so that what is popular stays popular;
values of one request stay together.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from surefoot.toolbox.load.template import literal
from surefoot.toolbox.workloads.names import Names
from surefoot.toolbox.workloads.secrets import Secrets, is_secret, is_secret_header

__all__ = ["MOST_VALUES", "SPARSEST", "Column", "Settled", "as_range", "settle"]

MOST_VALUES: Final = 2000
_NUMBER: Final = re.compile(r"0|[1-9]\d{0,14}")
_FEW: Final = 8
SPARSEST: Final = 20
"""A range may be so many times as wide as what was seen of it."""
_NARROWEST: Final = 20  # fewer are as soon listed, and stay with what they belong to


@dataclass(frozen=True, slots=True)
class Column:
    """One value of each request of a kind."""

    name: str
    where: str
    """``path``, ``query``, ``header``, ``form``, ``json`` or ``body``."""
    number: bool = False
    """Whether JSON has it as something else than text."""

    def plain(self, value: str) -> str:
        """The value as data tables hold it: without what its place will encode again."""
        if self.where == "path":
            return unquote(value)
        return unquote_plus(value) if self.where == "query" else value

    def secret(self, value: str) -> bool:
        """Whether this value may not be copied."""
        if self.where == "header":
            return is_secret_header(self.name, value)
        if self.where == "path":
            return any(is_secret(self.name, part) for part in self.plain(value).split("/"))
        return self.where != "body" and is_secret(self.name, self.plain(value))


@dataclass(frozen=True, slots=True)
class Settled:
    """What to write for each column, and the data behind it."""

    texts: tuple[str, ...]
    data: dict[str, Any]
    hidden: dict[str, Any]
    """Rows that hold secrets; their tables in ``data`` are files that the user supplies."""


def as_range(values: Sequence[str], sparsest: int = SPARSEST) -> tuple[int, int] | None:
    """The two ends between which whole numbers were drawn evenly; ``None`` if they were not.

    Even means two things. At least every ``sparsest``-th number between the ends was seen. And
    equal pairs are no more frequent than chance makes them (a birthday test: n draws from m numbers
    give n(n-1)/2m pairs, with about the root of that as deviation), which popular numbers and gaps
    would make.
    """
    if len(values) < _FEW or not all(_NUMBER.fullmatch(value) for value in values):
        return None
    counts = Counter(map(int, values))
    low, high = min(counts), max(counts)
    size = high - low + 1
    pairs = sum(count * (count - 1) for count in counts.values()) / 2
    expected = len(values) * (len(values) - 1) / (2 * size)
    even = pairs <= 1.25 * expected + 3 * expected**0.5 + 1
    return (low, high) if even and _NARROWEST <= size <= sparsest * len(counts) else None


def settle(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    names: Names,
    secrets: Secrets,
    pages: Sequence[str],
    sparsest: int = SPARSEST,
) -> Settled:
    """Decide what is written for each column.

    Args:
        columns: What the values are.
        rows: At least one; a value for each column.
        names: Gives the data tables their names.
        secrets: Gives the secrets theirs.
        pages: Of each column, which request it is of, for people.
        sparsest: How many times as wide as what was seen of it a range may be.
    """
    texts: dict[int, str] = {}
    varying: dict[tuple[str, ...], list[int]] = {}
    for index, column in enumerate(columns):
        values = tuple(row[index] for row in rows)
        if len(set(values)) == 1:
            texts[index] = _constant(column, values[0], secrets, pages[index])
        elif place := _own_range(column, values, sparsest):
            texts[index] = place
        else:
            varying.setdefault(tuple(map(column.plain, values)), []).append(index)
    groups = list(varying.items())
    hidden = any(columns[at[0]].secret(value) for values, at in groups for value in values)
    found = _tabled(columns, groups, names, "account" if hidden else "", texts)
    written = tuple(text for _, text in sorted(texts.items()))
    if not hidden:
        return Settled(written, found, {})
    return Settled(written, _asked_for(found, secrets, pages[-1]), found)


def _asked_for(tables: Mapping[str, Any], secrets: Secrets, page: str) -> dict[str, Any]:
    """The names of CSV files in place of tables that hold secrets."""
    for name, rows in tables.items():
        columns = ", ".join(rows[0])
        what = f"a CSV file beside the workload, with the columns {columns}, for {page}"
        secrets.ask(f"{name}.csv", what)
    return {name: f"{name}.csv" for name in tables}


def _constant(column: Column, value: str, secrets: Secrets, where: str) -> str:
    if column.secret(value):
        return secrets.place(column.name, column.plain(value), where)
    return literal(value)


def _own_range(column: Column, values: Sequence[str], sparsest: int) -> str:
    ends = None if column.where in {"header", "body"} else as_range(values, sparsest)
    return f"{{{ends[0]}..{ends[1]}}}" if ends else ""


def _tabled(
    columns: Sequence[Column],
    groups: Sequence[tuple[tuple[str, ...], list[int]]],
    names: Names,
    label: str,
    texts: dict[int, str],
) -> dict[str, Any]:
    """Make a table of these groups of equal columns, and write its places into ``texts``.

    Without a ``label`` it is called like its first column, and one column makes a plain list.
    """
    if not groups:
        return {}
    first = [columns[at[0]] for _, at in groups]
    table = names.new(label or first[0].name)
    rows = _rows(first, [values for values, _ in groups])
    if len(groups) == 1 and not label:
        texts.update(dict.fromkeys(groups[0][1], f"{{{table}}}"))
        return {table: _counted([row[0] for row in rows])}
    inner = Names()
    fields = [inner.new(column.name) for column in first]
    for field, (_, at) in zip(fields, groups, strict=True):
        texts.update(dict.fromkeys(at, f"{{{table}.{field}}}"))
    return {table: [dict(zip(fields, row, strict=True)) for row in rows]}


def _rows(columns: Sequence[Column], values: Sequence[tuple[str, ...]]) -> list[list[Any]]:
    """A sample of the rows, numbers as numbers."""
    return [
        [json.loads(v) if c.number else v for c, v in zip(columns, row, strict=True)]
        for row in _sampled(list(zip(*values, strict=True)))
    ]


def _counted(values: list[Any]) -> Any:
    """The values themselves, or a table of how often each was seen."""
    if len(set(values)) == len(values) or not isinstance(values[0], str):
        return values
    return dict(Counter(values))


def _sampled(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """At most ``MOST_VALUES`` of the rows, each as likely as any other, in order."""
    if len(rows) > MOST_VALUES:
        rows = random.Random(1).sample(list(rows), MOST_VALUES)  # noqa: S311 - a sample, no secret
    return sorted(rows, key=lambda row: [(len(v) if v.isdigit() else 99, v) for v in row])
