"""From requests that were seen to the tables of a workload: what is alike becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from surefoot.toolbox.workloads.columns import Column, Settled, settle
from surefoot.toolbox.workloads.correlate import Origin, find_origin, worth_a_look
from surefoot.toolbox.workloads.names import Names
from surefoot.toolbox.workloads.outline import Outline, apart, table
from surefoot.toolbox.workloads.paths import Grouping
from surefoot.toolbox.workloads.secrets import Secrets
from surefoot.toolbox.workloads.seen import Seen

__all__ = ["Kind", "Writer", "kinds"]

_RIGHT: Final = frozenset(range(200, 300)) | {304}


@dataclass(slots=True)
class Kind:
    """Visits that did the same with different values."""

    steps: tuple[Outline, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    """Of each visit, the values of all its steps."""
    visits: list[Sequence[Seen]] = field(default_factory=list)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of all steps."""
        return tuple(column for step in self.steps for column in step.columns)

    @property
    def page(self) -> str:
        """What people call it."""
        return " > ".join(step.page for step in self.steps)


def kinds(visits: Iterable[Sequence[Seen]], grouping: Grouping) -> list[Kind]:
    """Visits that did the same, the most frequent first.

    Steps that are no page of the application are taken out.
    """
    found: dict[tuple[Outline, ...], Kind] = {}
    for visit in visits:
        taken = [(seen, apart(seen, grouping)) for seen in visit]
        kept = [(seen, parts) for seen, parts in taken if parts is not None]
        if not kept:
            continue
        steps = tuple(outline for _, (outline, _) in kept)
        kind = found.setdefault(steps, Kind(steps))
        kind.rows.append(tuple(value for _, (_, values) in kept for value in values))
        kind.visits.append([seen for seen, _ in kept])
    return sorted(found.values(), key=lambda kind: -len(kind.rows))


class Writer:
    """Writes kinds as tables, with one set of names for all of them.

    Attributes:
        data: The data tables.
        hidden: Rows of tables that the user has to supply.
        secrets: What must not be copied.
    """

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.hidden: dict[str, Any] = {}
        self.secrets = Secrets()
        self._names = Names()

    def steps(self, kind: Kind) -> list[dict[str, Any]]:
        """A ``[[request]]`` for each step of a kind, without its weight."""
        columns = kind.columns
        origins = _origins(kind)
        captures = {origin: self._names.new(columns[at].name) for at, origin in origins.items()}
        settled = self._settled(kind, columns, origins)
        texts = list(settled.texts)
        for at, origin in origins.items():
            texts[at] = _captured(kind.rows[0][at], captures[origin])
        tables, left = [], iter(texts)
        for number, step in enumerate(kind.steps):
            made = table(step, [next(left) for _ in step.columns])
            made |= _expected([visit[number].status for visit in kind.visits])
            taken = {name: o for o, name in captures.items() if o[0] == number}
            if taken:
                made["capture"] = {name: {o[1]: o[2]} for name, o in taken.items()}
            tables.append(made)
        return tables

    def _settled(
        self, kind: Kind, columns: Sequence[Column], origins: dict[int, Origin]
    ) -> Settled:
        # What comes from an answer is neither a secret to ask for nor data.
        rows = [["" if at in origins else v for at, v in enumerate(row)] for row in kind.rows]
        pages = [step.page for step in kind.steps for _ in step.columns]
        settled = settle(columns, rows, self._names, self.secrets, pages)
        self.data |= settled.data
        self.hidden |= settled.hidden
        return settled


def _captured(value: str, name: str) -> str:
    scheme, blank, _ = value.partition(" ")
    return f"{scheme}{blank}{{{name}}}" if blank else f"{{{name}}}"


def _origins(kind: Kind) -> dict[int, Origin]:
    """Columns whose values came from earlier answers, in all visits from the same place."""
    found: dict[int, Origin] = {}
    at = 0
    for number, step in enumerate(kind.steps):
        for column in step.columns:
            origins = {
                _origin(column, row[at], visit[:number])
                for row, visit in zip(kind.rows, kind.visits, strict=True)
            }
            origin = origins.pop()
            if origin is not None and not origins:
                found[at] = origin
            at += 1
    return found


def _origin(column: Column, value: str, before: Sequence[Seen]) -> Origin | None:
    plain = column.plain(value)
    if column.where == "header":
        plain = plain.rpartition(" ")[2]
    if not before or not worth_a_look(column, value):
        return None
    return find_origin(plain, [seen.answer for seen in before])


def _expected(statuses: Sequence[int]) -> dict[str, Any]:
    """The statuses to expect beyond those that are right anyway."""
    seen = {status for status in statuses if 200 <= status < 400}
    if seen <= _RIGHT:
        return {}
    # Whoever asks without a condition gets the whole page where 304 was answered.
    found = sorted((seen - {304}) | ({200} if 304 in seen else set()))
    return {"expect": found[0] if len(found) == 1 else found}
