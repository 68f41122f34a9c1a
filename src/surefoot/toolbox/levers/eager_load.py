"""One statement instead of one per row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from surefoot.core.records import CodeEdit, RouteUse
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
from surefoot.toolbox.levers.relations import django, loaded, sqlalchemy
from surefoot.toolbox.levers.source import edit
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "REPEATED", "steps"]

NAME: Final = "eager-load"
_DJANGO: Final = "django"
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
    loader = _loader(case, repeated)
    told = " and ".join(sorted(line or "(unknown line)" for line in lines))
    return Step(
        where=site or "(unknown line)",
        relieves=case.bottleneck or repeated[0].resource,
        stage="edit",
        action=_edit(case, site or "(unknown line)", repeated, loader),
        model=model,
        how=f"load what {told} {'ask' if len(lines) > 1 else 'asks'} for row by row with the list "
        f"itself ({'Django' if case.evidence.framework == _DJANGO else 'SQLAlchemy'}: {loader})",
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


def _edit(case: Case, site: str, repeated: Sequence[Spot], loader: str) -> CodeEdit:
    """Where the list is queried, if that can be told; else at the line that asks row by row."""
    advice = f"where the list is queried, load what belongs to its rows too: .{loader}"
    if case.evidence.framework == _DJANGO:
        for line in _queried(case, repeated):
            found = edit(case, line, advice, lambda text: loaded(text, loader))
            if found.diff:
                return found
    return edit(case, site, advice)


def _queried(case: Case, repeated: Sequence[Spot]) -> Iterator[str]:
    """Lines of the same file that query once for the route, the nearest above the loop first."""
    asked = [_place(spot.place.site) for spot in repeated]
    route = repeated[0].route.route
    files = {file for file, _ in asked}
    last = max(number for _, number in asked)
    found = {
        _place(spot.place.site)
        for spot in spots(case, Kind.DB_CPU, Kind.DB_WAIT)
        if spot.route.route == route and spot.per_call < REPEATED
    }
    above = [(file, number) for file, number in found if file in files and number <= last]
    yield from (f"{file}:{number}" for file, number in sorted(above, key=lambda at: -at[1]))


def _place(site: str) -> tuple[str, int]:
    file, _, number = site.rpartition(":")
    return file, int(number) if number.isdigit() else 0


def _loader(case: Case, repeated: Sequence[Spot]) -> str:
    """What to tell the ORM; that of Django in Django, else SQLAlchemy's."""
    if case.evidence.framework != _DJANGO:
        return sqlalchemy(spot.place.what for spot in repeated)
    lines = dict(case.evidence.lines)
    return django((spot.place.what, lines.get(spot.place.site, "")) for spot in repeated)
