"""More replicas, when one interpreter is busy and the host has cores to spare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.kept_apart import keeps_answers, together
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "replicas"
_KEY: Final = "server.replicas"
_WORTH: Final = 1.05
_MOST: Final = 256
_FREE: Final = 0.8  # of the free memory; the rest is for what requests will need


def steps(case: Case) -> Iterable[Step]:
    """Add one while the model gains 5 % by it, up to the cores and the memory of the host."""
    model, workers = case.model, case.whole("server.workers")
    before = model.replicas // workers
    room = min(_MOST, before + _fit(case, before))
    after, best = before, model
    while best.replicas < model.cores and after < room:
        wider = best.changed(replicas=(after + 1) * workers)
        if wider.uncorrected < best.uncorrected * _WORTH:
            break
        after, best = after + 1, wider
    if after == before:
        return
    shared = together(case, after * workers) if keeps_answers(case) else ()
    yield Step(
        where=_KEY,
        relieves=case.bottleneck or Resource(Kind.APP_CPU),
        stage="server",
        action=(*shared, ConfigEdit(_KEY, before, after)),
        model=best,
        how=f"set {_KEY} = {after}" + "".join(f", {e.key} = {e.after}" for e in shared),
        because=f"one interpreter uses one core at most and {model.available:.1f} are there",
        risk="state kept in the process (counters, sessions, caches) is no longer shared"
        + _memory(case, before),
        preconditions=("the answers stay the same when another process gives them",),
    )


def _fit(case: Case, replicas: int) -> int:
    """How many more the host's memory holds."""
    free, used = case.evidence.memory, case.busy.memory
    if not free or not used:
        return _MOST
    return int(free * _FREE / (used / replicas))


def _memory(case: Case, replicas: int) -> str:
    if not case.busy.memory:
        return ""
    return f"; each more takes {case.busy.memory / replicas / 1e6:.0f} MB"
