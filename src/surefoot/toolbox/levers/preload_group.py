"""Several processes forked from one that has imported the application, to share its memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.measures import Measure
from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "preload-group"
_FREEZE: Final = "server.gc_freeze"
# Of a further process's memory, what it does not share. After 3,600 requests four replicas of the
# Flask bookshop used 268 MB, four processes forked with their collectors at rest 144 MB (0.38), and
# forked alone 202 MB, for each collection writes to shared pages.
_OWN: Final = 0.4


def steps(case: Case) -> Iterable[Step]:
    """Where gunicorn runs as several replicas of one process."""
    replicas, workers = case.whole("server.replicas"), case.whole("server.workers")
    if case.evidence.server != "gunicorn" or replicas < 2 or workers > 1 or not case.busy.memory:
        return
    each = case.busy.memory / replicas
    gain = replicas / (1 + (replicas - 1) * _OWN)
    yield Step(
        where="server.workers",
        relieves=case.bottleneck or Resource(Kind.APP_CPU),
        stage="server",
        action=(
            ConfigEdit("server.replicas", replicas, 1),
            ConfigEdit("server.workers", workers, replicas),
            *_rest(case),
        ),
        model=case.model,
        how=f"set server.workers = {replicas}, server.replicas = 1 and {_FREEZE} = true",
        because=f"{replicas} processes use {each / 1e6:.0f} MB each, {1 - _OWN:.0%} of it assumed "
        "to be shared by those forked after the import",
        risk="the processes share one socket, and so the load among them less evenly",
        on=(Measure.MEMORY,),
        guards=(Measure.CPU, Measure.CAPACITY, Measure.ERRORS),
        preconditions=("importing the application opens no connection and starts no thread",),
        gain=gain,
    )


def _rest(case: Case) -> tuple[ConfigEdit, ...]:
    return () if case.setting(_FREEZE) else (ConfigEdit(_FREEZE, False, True),)
