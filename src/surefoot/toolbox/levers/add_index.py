"""An index for a statement that makes the database read far more than it returns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from surefoot.core.records import OutsideAction
from surefoot.core.resources import Kind
from surefoot.core.stats import quantile
from surefoot.toolbox.analysis.case import Case, Spot, spots, without
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "add-index"
_SLOW: Final = 1e-3  # seconds a call; an indexed look-up of a few rows takes a tenth of it
_FOUND: Final = 1e-4
_TABLE: Final = re.compile(r"\bfrom\s+([\w.\"`]+)", re.IGNORECASE)
_WHERE: Final = re.compile(r"\bwhere\b(.*?)(?:\border\b|\bgroup\b|\blimit\b|$)", re.IGNORECASE)
_COLUMN: Final = re.compile(r"([\w.\"`]+)\s*(?:=|<|>|like|ilike|in|between)", re.IGNORECASE)


def steps(case: Case) -> Iterable[Step]:
    """Every filtered statement that costs more than a look-up would."""
    calls = sorted(
        spot.place.use / spot.place.count for spot in spots(case, Kind.DB_CPU, Kind.DB_WAIT)
    )
    cheap = min(quantile(calls, 0.25), _FOUND * 5) if len(calls) > 1 else _FOUND
    for spot in spots(case, Kind.DB_CPU, Kind.DB_WAIT):
        each = spot.place.use / spot.place.count
        table, column = _filter(spot)
        if each < _SLOW or each < 4 * cheap or not column:
            continue
        share = 1 - cheap / each
        name = f"ix_{table}_{column}".replace(".", "_")
        yield Step(
            where=f"{table}({column})",
            relieves=spot.resource,
            stage="outside",
            action=OutsideAction(
                f"CREATE INDEX {name} ON {table} ({column})", f"DROP INDEX {name}"
            ),
            model=without(case, spot, 0.0, share),
            how=f"index what {spot.place.site or 'this statement'} filters by: "
            f"{table}({column}); a LIKE that starts with % needs a text index instead",
            because=f"{each * 1e3:.1f} ms a call against {cheap * 1e3:.2f} ms for a look-up",
            risk="each write to the table pays for the index",
        )


def _filter(spot: Spot) -> tuple[str, str]:
    text = " ".join(spot.place.what.split())
    table, where = _TABLE.search(text), _WHERE.search(text)
    if not text.lower().startswith("select") or table is None or where is None:
        return "", ""
    column = _COLUMN.search(where[1])
    if column is None:
        return "", ""
    return table[1].strip('"`'), column[1].rpartition(".")[2].strip('"`')
