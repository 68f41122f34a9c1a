"""More threads in each replica, when requests wait for one while the processor does not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.analysis.model import Model
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "threads"
_MOST: Final = 64
_WORTH: Final = 1.05  # what doubling must bring to be worth its memory and connections


def steps(case: Case) -> Iterable[Step]:
    """Double until the model gains less than 5 % by it."""
    if not case.model.limited:
        return
    best = case.model
    while best.slots * 2 <= _MOST:
        wider = best.changed(slots=best.slots * 2)
        if wider.uncorrected < best.uncorrected * _WORTH:
            break
        best = wider
    if best.slots == case.model.slots:
        return
    wait = case.model.alone.response - case.model.alone.app
    yield Step(
        where="server.threads",
        relieves=Resource(Kind.APP_THREADS),
        stage="server",
        action=(ConfigEdit("server.threads", case.model.slots, best.slots),),
        model=best,
        how=f"set server.threads = {best.slots}",
        because=f"a request waits {wait * 1e3:.1f} ms for each "
        f"{case.model.alone.app * 1e3:.1f} ms of CPU, so a thread is idle most of its time",
        risk="each thread may hold a database connection",
        preconditions=_preconditions(best),
    )


def _preconditions(model: Model) -> tuple[str, ...]:
    if not model.pool or model.slots <= model.pool:
        return ()
    return (f"{model.slots} threads can share {model.pool} connections to the database",)
