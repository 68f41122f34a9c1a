"""From requests that were seen to the tables of a workload: what is alike becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Final

from surefoot.toolbox.workloads.columns import SPARSEST, Column, Settled, settle
from surefoot.toolbox.workloads.correlate import Origin, find_origin, worth_a_look
from surefoot.toolbox.workloads.draft import Draft, shared_headers
from surefoot.toolbox.workloads.names import Names
from surefoot.toolbox.workloads.outline import Outline, apart, table
from surefoot.toolbox.workloads.paths import Grouping
from surefoot.toolbox.workloads.secrets import Secrets
from surefoot.toolbox.workloads.seen import Visit

__all__ = ["Kind", "Writer", "kinds"]

_LOOKED_AT: Final = 20  # visits of a kind; to look for where a value came from takes a while
_RIGHT: Final = frozenset(range(200, 300)) | {304}


@dataclass(slots=True)
class Kind:
    """Visits that did the same with different values."""

    steps: tuple[Outline, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    """Of each visit, the values of all its steps."""
    visits: list[Visit] = field(default_factory=list)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of all steps."""
        return tuple(column for step in self.steps for column in step.columns)

    @property
    def weight(self) -> float:
        """Of all its requests, beside those of other kinds."""
        return sum(visit.weight for visit in self.visits) * len(self.steps)

    @property
    def page(self) -> str:
        """What people call it."""
        return " > ".join(step.page for step in self.steps)


def kinds(visits: Iterable[Visit], grouping: Grouping) -> list[Kind]:
    """Visits that did the same, the most frequent first.

    Steps that are no page of the application are taken out.
    """
    found: dict[tuple[Outline, ...], Kind] = {}
    for visit in visits:
        taken = [(seen, apart(seen, grouping)) for seen in visit.steps]
        kept = [(seen, parts) for seen, parts in taken if parts is not None]
        if not kept:
            continue
        steps = tuple(outline for _, (outline, _) in kept)
        kind = found.setdefault(steps, Kind(steps))
        kind.rows.append(tuple(value for _, (_, values) in kept for value in values))
        kind.visits.append(replace(visit, steps=tuple(seen for seen, _ in kept)))
    return sorted(found.values(), key=lambda kind: -len(kind.rows))


class Writer:
    """Writes kinds as tables, with one set of names for all of them.

    Args:
        sparsest: How many times as wide as what was seen of it a range may be.

    Attributes:
        data: The data tables.
        hidden: Rows of tables that the user has to supply.
        secrets: What must not be copied.
        log_in: Captures of the log-in's answers that later requests need, by its step.
    """

    def __init__(self, sparsest: int = SPARSEST) -> None:
        self._sparsest = sparsest
        self.data: dict[str, Any] = {}
        self.hidden: dict[str, Any] = {}
        self.secrets = Secrets()
        self.log_in: dict[Origin, str] = {}
        self._names = Names()

    def steps(self, kind: Kind) -> list[dict[str, Any]]:
        """A ``[[request]]`` for each step of a kind, without its weight."""
        columns = kind.columns
        origins = _origins(kind)
        captures = {origin: self._named(origin, columns[at]) for at, origin in origins.items()}
        settled = self._settled(kind, columns, origins)
        texts = list(settled.texts)
        for at, origin in origins.items():
            texts[at] = _captured(kind.rows[0][at], captures[origin])
        tables, left = [], iter(texts)
        for number, step in enumerate(kind.steps):
            made = table(step, [next(left) for _ in step.columns])
            seen = [visit.steps[number] for visit in kind.visits]
            made |= _expected([each.status for each in seen])
            if number and (pause := round(median(each.think for each in seen), 1)):
                made["think"] = f"{pause:g}s"
            tables.append(_capturing(made, number, captures))
        return tables

    def draft(self, source: str, **more: Any) -> Draft:
        """A draft with all that was written so far, and ``more`` of its fields."""
        tables = [
            *more.get("requests", ()),
            *(step for session in more.get("sessions", ()) for step in session["request"]),
        ]
        return Draft(
            source,
            data=self.data,
            headers=shared_headers(tables),
            needed=tuple(self.secrets.needed),
            secrets=self.secrets.values,
            private=self.hidden,
            **more,
        )

    def first_steps(self, kind: Kind) -> list[dict[str, Any]]:
        """The same of what logs in; to be written last, when it is known what is needed of it."""
        length = len(kind.steps)
        taken = {(at + length, sort, what): n for (at, sort, what), n in self.log_in.items()}
        return [_capturing(made, at, taken) for at, made in enumerate(self.steps(kind))]

    def _named(self, origin: Origin, column: Column) -> str:
        if origin[0] >= 0:
            return self._names.new(column.name)
        if origin not in self.log_in:
            self.log_in[origin] = self._names.new(column.name)
        return self.log_in[origin]

    def _settled(
        self, kind: Kind, columns: Sequence[Column], origins: dict[int, Origin]
    ) -> Settled:
        # What comes from an answer is neither a secret to ask for nor data.
        rows = [["" if at in origins else v for at, v in enumerate(row)] for row in kind.rows]
        pages = [step.page for step in kind.steps for _ in step.columns]
        settled = settle(columns, rows, self._names, self.secrets, pages, self._sparsest)
        self.data |= settled.data
        self.hidden |= settled.hidden
        return settled


def _capturing(made: dict[str, Any], number: int, captures: dict[Origin, str]) -> dict[str, Any]:
    """The request with what is captured from its answer, if it is that step."""
    found = {name: {o[1]: o[2]} for o, name in captures.items() if o[0] == number}
    return made | ({"capture": made.get("capture", {}) | found} if found else {})


def _captured(value: str, name: str) -> str:
    scheme, blank, _ = value.partition(" ")
    return f"{scheme}{blank}{{{name}}}" if blank else f"{{{name}}}"


def _origins(kind: Kind) -> dict[int, Origin]:
    """Columns whose values came from earlier answers, in all visits from the same place.

    Steps count from 0; those of a log-in before, backwards from -1.
    """
    found: dict[int, Origin] = {}
    at = 0
    looked_at = list(zip(kind.rows, kind.visits, strict=True))[:_LOOKED_AT]
    for number, step in enumerate(kind.steps):
        for column in step.columns:
            origins = {_origin(column, row[at], visit, number) for row, visit in looked_at}
            origin = origins.pop()
            if origin is not None and not origins:
                found[at] = origin
            at += 1
    return found


def _origin(column: Column, value: str, visit: Visit, number: int) -> Origin | None:
    answers = [*visit.before, *(seen.answer for seen in visit.steps[:number])]
    if not answers or not worth_a_look(column, value):
        return None
    plain = column.plain(value)
    origin = find_origin(plain.rpartition(" ")[2] if column.where == "header" else plain, answers)
    return None if origin is None else (origin[0] - len(visit.before), *origin[1:])


def _expected(statuses: Sequence[int]) -> dict[str, Any]:
    """The statuses to expect beyond those that are right anyway."""
    seen = {status for status in statuses if 200 <= status < 400}
    if seen <= _RIGHT:
        return {}
    # Whoever asks without a condition gets the whole page where 304 was answered.
    found = sorted((seen - {304}) | ({200} if 304 in seen else set()))
    return {"expect": found[0] if len(found) == 1 else found}
