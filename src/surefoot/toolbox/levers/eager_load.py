"""One statement instead of one per row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, Spot, cpu_at, server_at, spots, without
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
    """Every route that issues the same statements again and again within a request.

    All its lines are one step: what is asked for row by row is loaded with the list's own query,
    whichever lines ask.
    """
    routes: dict[str, dict[str, list[Spot]]] = defaultdict(lambda: defaultdict(list))
    for spot in spots(case, Kind.DB_CPU, Kind.DB_WAIT):
        if spot.per_call >= REPEATED:
            routes[spot.route.route][spot.place.site].append(spot)
    for route, lines in routes.items():
        yield _step(case, route, lines)


def _step(case: Case, route: str, lines: Mapping[str, Sequence[Spot]]) -> Step:
    saved = {site: 1 - len(found) / _calls(found) for site, found in lines.items()}
    cpu = sum(cpu_at(case, route, site) * share for site, share in saved.items())
    server = sum(server_at(case, route, site) * share for site, share in saved.items())
    model = case.model.less(app=cpu, server=server, held=cpu)
    for site, found in lines.items():
        for spot in found:
            model = without(model, spot, saved[site])
    repeated = [spot for found in lines.values() for spot in found]
    gone = sum(spot.use * saved[spot.place.site] for spot in repeated) + cpu + server
    site = max(lines, key=lambda site: sum(spot.use for spot in lines[site]))
    told = " and ".join(sorted(line or "(unknown line)" for line in lines))
    return Step(
        where=site or "(unknown line)",
        relieves=case.bottleneck or repeated[0].resource,
        stage="edit",
        action=edit(case, site or "(unknown line)", _advice(repeated)),
        model=model,
        how=f"load what {told} {'ask' if len(lines) > 1 else 'asks'} for row by row with the list "
        f"itself (SQLAlchemy: {_option(repeated)})",
        because=f"{_calls(repeated):.0f} statements a request of {route} become {len(repeated)}, "
        f"{gone * 1e3:.1f} ms of each request of the mix when it is alone, {cpu * 1e3:.1f} ms of "
        "them the CPU that the sampler saw there; under load the same share is assumed to go",
    )


def _calls(found: Iterable[Spot]) -> float:
    return sum(spot.per_call for spot in found)


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
