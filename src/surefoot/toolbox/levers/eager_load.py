"""One statement instead of one per row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, Spot, cpu_at, spots, without
from surefoot.toolbox.levers.source import edit
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "REPEATED", "steps"]

NAME: Final = "eager-load"
_WHERE: Final = re.compile(
    r"\bfrom\s+[\"`]?(?P<table>\w+)[\"`]?\s+where\s+(?P<left>\S+)\s*=\s*(?P<right>\S+)",
    re.IGNORECASE,
)
_COLUMN: Final = re.compile(r"[\"`]?[a-z_]\w*[\"`]?(?:\.[\"`]?(\w+)[\"`]?)?", re.IGNORECASE)
REPEATED: Final = 5  # the same statement this often in one request is a loop over rows


def steps(case: Case) -> Iterable[Step]:
    """Every line that issues the same statements again and again within a request."""
    lines: dict[tuple[str, str], list[Spot]] = defaultdict(list)
    for spot in spots(case, Kind.DB_CPU, Kind.DB_WAIT):
        if spot.per_call >= REPEATED:
            lines[spot.route.route, spot.place.site].append(spot)
    for (route, site), repeated in lines.items():
        yield _step(case, route, site or "(unknown line)", repeated)


def _step(case: Case, route: str, site: str, repeated: list[Spot]) -> Step:
    before = sum(spot.per_call for spot in repeated)
    saved = 1 - len(repeated) / before
    cpu = cpu_at(case, route, site) * saved
    model = case.model.less(app=cpu)
    use = 0.0
    for spot in repeated:
        model = without(model, spot, saved)
        use += spot.use * saved
    return Step(
        where=site,
        relieves=case.bottleneck or repeated[0].resource,
        stage="edit",
        action=edit(case, site, _advice(repeated)),
        model=model,
        how=f"load what {site} asks for row by row with the list itself "
        f"(SQLAlchemy: {_option(repeated)})",
        because=f"{before:.0f} statements a request of {route} become {len(repeated)}, "
        f"{(cpu + use) * 1e3:.1f} ms of each request of the mix",
    )


def _advice(repeated: Sequence[Spot]) -> str:
    return f"where the list is queried, load what belongs to its rows too: .{_option(repeated)}"


def _option(repeated: Sequence[Spot]) -> str:
    """The loader option, the relation's name guessed from the table: ``Model`` is the list's own.

    A row that is found by its primary key is the one that the list's row refers to, and a join
    brings it along; rows found by another column are several.
    """
    options = []
    for spot in repeated:
        found = _WHERE.search(" ".join(spot.place.what.split()))
        column = found and (_COLUMN.fullmatch(found["left"]) or _COLUMN.fullmatch(found["right"]))
        if found is None or column is None:
            return "options(selectinload(Model.relation))"
        key = (column[1] or column[0]).lower()
        loader = "joinedload" if key == "id" else "selectinload"
        options.append(f"{loader}(Model.{found['table']})")
    return f"options({', '.join(dict.fromkeys(options))})"
