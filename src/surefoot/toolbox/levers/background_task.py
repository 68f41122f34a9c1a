"""Work that the answer does not depend on, done after it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, spots
from surefoot.toolbox.levers.source import edit, submitted
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "background-task"
# FastAPI and Starlette have tasks of their own; elsewhere an executor that the module keeps does.
_TASKS: Final = frozenset({"fastapi", "starlette"})


def steps(case: Case) -> Iterable[Step]:
    """Every line that sends mail while its user waits."""
    tasks = case.evidence.framework in _TASKS
    later = partial(submitted, to="background_tasks.add_task" if tasks else "executor.submit")
    for spot in spots(case, Kind.SMTP):
        site = spot.place.site or "(unknown line)"
        yield Step(
            where=site,
            relieves=case.bottleneck or spot.resource,
            stage="edit",
            action=edit(case, site, "hand the mail to a background task and answer at once", later),
            model=case.model.less(outside=spot.use, blocked=spot.use),
            how=f"send the mail of {site} from a background task",
            because=f"{spot.route.route} waits {spot.place.use / spot.route.requests * 1e3:.0f} ms "
            "for the mail server",
            risk="a task that is only in memory is lost when the process dies",
            preconditions=("the answer does not say whether the mail was sent",),
        )
