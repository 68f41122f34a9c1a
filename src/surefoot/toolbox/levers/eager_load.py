"""One statement instead of one per row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from surefoot.core.records import RouteUse
from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import (
    Case,
    Spot,
    collecting,
    cpu_at,
    server_at,
    spots,
    without,
)
from surefoot.toolbox.analysis.model import Model
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
    statements = sum(_calls(found) * saved[site] for site, found in lines.items())
    cpu = sum(cpu_at(case, route, site) * share for site, share in saved.items())
    cpu = min(cpu, _by_statements(case, route, statements)) * (1 - _collected(case))
    server = sum(server_at(case, route, site) * share for site, share in saved.items())
    model = case.model.less(app=cpu, server=server, held=cpu)
    for site, found in lines.items():
        for spot in found:
            model = without(model, spot, saved[site])
    model = _lighter(case, model, cpu, statements * case.share(route))
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
        "them CPU, by the sampler and by other routes; under load the same share is assumed to go",
    )


def _by_statements(case: Case, route: str, statements: float) -> float:
    """CPU seconds per request of the mix that so many statements cost at most.

    What is left of a long loop is a small difference, for which the sampler's few looks at the rest
    are no measure: 5 and 17 of a hundred were seen of the same page. But a request costs at least
    what one of another route does that asks less often.
    """
    asked = {use.route: _asked(use) / use.requests for use in case.serial.routes}
    cost = {use.route: use.cpu / use.requests for use in case.serial.routes}
    fewer = [r.route for r in case.serial.routes if asked[r.route] <= asked[route] - statements]
    least = min((cost[other] for other in fewer), default=0.0)
    return max(0.0, cost[route] - least) * case.share(route)


def _asked(use: RouteUse) -> int:
    kinds = {Kind.DB_CPU, Kind.DB_WAIT}
    return sum(
        place.count
        for part in use.resources
        if part.resource.kind in kinds
        for place in part.places
        if place.use > 0
    )


def _collected(case: Case) -> float:
    """The collectors' share of the CPU of a request that is alone."""
    own = case.model.alone.app - case.model.alone.server
    return min(1.0, collecting(case.serial) / own) if own else 0.0


def _lighter(case: Case, model: Model, cpu: float, statements: float) -> Model:
    """The model with what goes otherwise than by its share.

    The rows come all the same, and garbage is collected for objects that stay, not for statements:
    it took 0.5 ms of a request that was alone with 82 of them and with 2. Threads give the
    interpreter up around each statement and wait for it again: the time that got lost with every
    slot busy is charged by how often that was, once for the request itself.
    """
    before = case.model
    full, own = before.full, before.alone.app - before.alone.server
    spent, stays = collecting(case.serial), min(collecting(case.busy), full.app - full.server)
    if own > spent:
        left = max(0.0, 1 - cpu / (own - spent)) * (full.app - full.server - stays) + stays
        model = model.changed(full=replace(model.full, app=model.full.server + left))
    if not before.limited or not before.lost:
        return model
    asked = sum(map(_asked, case.serial.routes))
    return model.losing(before.lost * (1 - statements / (1 + asked / case.requests)))


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
