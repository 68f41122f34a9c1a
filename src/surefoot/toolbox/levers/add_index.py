"""An index for a statement that makes the database read far more than it returns."""

from __future__ import annotations

import re
from collections import defaultdict
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
    """Every column by which statements are filtered that cost more than a look-up would."""
    found = list(spots(case, Kind.DB_CPU, Kind.DB_WAIT))
    calls = sorted(spot.place.use / spot.place.count for spot in found)
    cheap = min(quantile(calls, 0.25), _FOUND * 5) if len(calls) > 1 else _FOUND
    slow: dict[tuple[str, str], list[Spot]] = defaultdict(list)
    for spot in found:
        each = spot.place.use / spot.place.count
        column = _filter(spot)
        if each >= max(_SLOW, 4 * cheap) and all(column):
            slow[column].append(spot)
    for (table, name), scans in slow.items():
        yield _step(case, table, name, scans, cheap)


def _step(case: Case, table: str, column: str, scans: list[Spot], cheap: float) -> Step:
    model = case.model
    for spot in scans:
        model = without(model, spot, 1 - cheap * spot.place.count / spot.place.use)
    worst = max(scans, key=lambda spot: spot.use)
    each = worst.place.use / worst.place.count
    name = f"ix_{table}_{column}".replace(".", "_")
    return Step(
        where=f"{table}({column})",
        relieves=worst.resource,
        stage="outside",
        action=_action(worst, name, f"{table} ({column})"),
        model=model,
        how=f"index what {worst.place.site or 'this statement'} filters by: "
        f"{table}({column}); a LIKE that starts with % needs a text index instead",
        because=f"{each * 1e3:.1f} ms a call against {cheap * 1e3:.2f} ms for a look-up",
        risk="each write to the table pays for the index",
    )


def _action(spot: Spot, name: str, what: str) -> OutsideAction:
    # Of the servers whose drivers are measured there is one, PostgreSQL, and it can go on writing
    # meanwhile; a file has no such choice.
    beside = " CONCURRENTLY" if spot.resource.kind is Kind.DB_WAIT else ""
    return OutsideAction(f"CREATE INDEX{beside} {name} ON {what}", f"DROP INDEX{beside} {name}")


def _filter(spot: Spot) -> tuple[str, str]:
    text = " ".join(spot.place.what.split())
    table, where = _TABLE.search(text), _WHERE.search(text)
    if not text.lower().startswith("select") or table is None or where is None:
        return "", ""
    column = _COLUMN.search(where[1])
    if column is None:
        return "", ""
    return table[1].strip('"`'), column[1].rpartition(".")[2].strip('"`')
