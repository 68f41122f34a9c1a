"""One statement instead of one per row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, cpu_at, spots, without
from surefoot.toolbox.levers.step import Step, edit_at

__all__ = ["NAME", "REPEATED", "steps"]

NAME: Final = "eager-load"
REPEATED: Final = 5  # the same statement this often in one request is a loop over rows


def steps(case: Case) -> Iterable[Step]:
    """Every line that issues the same statement again and again within a request."""
    for spot in spots(case, Kind.DB_CPU, Kind.DB_WAIT):
        if spot.per_call < REPEATED:
            continue
        site = spot.place.site or "(unknown line)"
        saved = 1 - 1 / spot.per_call
        cpu = cpu_at(case, spot.route.route, spot.place.site) * saved
        yield Step(
            where=site,
            relieves=case.bottleneck or spot.resource,
            stage="edit",
            action=edit_at(site, "load the related rows with the list: selectinload() or a join"),
            model=without(case, spot, cpu, saved),
            how=f"load what {site} asks for row by row with the list itself "
            "(SQLAlchemy: options(selectinload(...)))",
            because=f"{spot.per_call:.0f} statements a request become one, "
            f"{(cpu + spot.use * saved) * 1e3:.1f} ms of each request of the mix",
        )
