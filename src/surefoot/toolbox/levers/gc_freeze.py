"""Less garbage collection, where the collectors' time shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.measures import Measure
from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case, collecting
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "gc-freeze"
_KEY: Final = "server.gc_freeze"
_SHOWS: Final = 0.03  # of a request's CPU in the interpreter
_SAVED: Final = 0.9  # of the collectors' time; assumed, and said so


def steps(case: Case) -> Iterable[Step]:
    """Where collecting garbage takes 3 % of the interpreters' time and more."""
    spent = min(collecting(case.serial), collecting(case.busy))
    if case.setting(_KEY) or spent < max(_SHOWS * case.model.full.app, 1e-9):
        return
    yield Step(
        where=_KEY,
        relieves=Resource(Kind.APP_CPU),
        stage="after-fork",
        action=(ConfigEdit(_KEY, False, True),),
        model=case.model.less(app=spent * _SAVED),
        how=f"set {_KEY} = true",
        because=f"garbage collection takes {spent * 1e3:.2f} ms of a request's "
        f"{case.model.full.app * 1e3:.2f} ms of CPU, {_SAVED:.0%} of it assumed to go",
        risk="what refers to itself in a circle is freed later, so memory may grow",
        on=(Measure.CPU,),
        guards=(Measure.CAPACITY, Measure.LATENCY, Measure.ERRORS, Measure.MEMORY),
    )
