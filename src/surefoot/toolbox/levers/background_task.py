"""Work that the answer does not depend on, done after it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, spots
from surefoot.toolbox.levers.step import Step, edit_at

__all__ = ["NAME", "steps"]

NAME: Final = "background-task"


def steps(case: Case) -> Iterable[Step]:
    """Every line that sends mail while its user waits."""
    for spot in spots(case, Kind.SMTP):
        site = spot.place.site or "(unknown line)"
        yield Step(
            where=site,
            relieves=case.bottleneck or spot.resource,
            stage="edit",
            action=edit_at(site, "hand the mail to a background task and answer at once"),
            model=case.model.less(outside=spot.use, blocked=spot.use),
            how=f"send the mail of {site} from a background task",
            because=f"{spot.route.route} waits {spot.place.use / spot.route.requests * 1e3:.0f} ms "
            "for the mail server",
            risk="a task that is only in memory is lost when the process dies",
        )
