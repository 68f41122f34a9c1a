"""More replicas, when one interpreter is busy and the host has cores to spare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "replicas"
_WORTH: Final = 1.05


def steps(case: Case) -> Iterable[Step]:
    """Add one while the model gains 5 % by it, up to the cores of the host."""
    model = case.model
    best = model
    while best.replicas < model.cores:
        wider = best.changed(replicas=best.replicas + 1)
        if wider.uncorrected < best.uncorrected * _WORTH:
            break
        best = wider
    if best.replicas == model.replicas:
        return
    yield Step(
        where="server.replicas",
        relieves=case.bottleneck or Resource(Kind.APP_CPU),
        stage="server",
        action=(ConfigEdit("server.replicas", model.replicas, best.replicas),),
        model=best,
        how=f"set server.replicas = {best.replicas}",
        because=f"one interpreter uses one core at most and {model.available:.1f} are there",
        risk="state kept in the process (counters, sessions, caches) is no longer shared",
    )
