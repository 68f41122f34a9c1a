"""One statement instead of one per row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, Spot, cpu_at, spots, without
from surefoot.toolbox.levers.step import Step, edit_at

__all__ = ["NAME", "REPEATED", "steps"]

NAME: Final = "eager-load"
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
        action=edit_at(site, "load the related rows with the list: selectinload() or a join"),
        model=model,
        how=f"load what {site} asks for row by row with the list itself "
        "(SQLAlchemy: options(selectinload(...)))",
        because=f"{before:.0f} statements a request of {route} become {len(repeated)}, "
        f"{(cpu + use) * 1e3:.1f} ms of each request of the mix",
    )
