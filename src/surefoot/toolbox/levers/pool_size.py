"""More connections in a pool that requests queue for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.records import CodeEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "pool-size"
_WORTH: Final = 1.05  # what doubling must bring to be worth its connections


def steps(case: Case) -> Iterable[Step]:
    """Double while the model gains 5 % by it; more connections than slots are never used."""
    model = case.model
    if not model.pool or not model.alone.pool_held:
        return
    best = model
    while best.pool < best.slots:
        wider = best.changed(pool=min(best.pool * 2, best.slots))
        if wider.uncorrected < best.uncorrected * _WORTH:
            break
        best = wider
    if best.pool == model.pool:
        return
    yield Step(
        where="the engine's pool",
        relieves=Resource(Kind.DB_POOL),
        stage="edit",
        action=CodeEdit("", 0, f"create_engine(..., pool_size={best.pool}, max_overflow=0)"),
        model=best,
        how=f"create_engine(..., pool_size={best.pool}, max_overflow=0)",
        because=f"a request holds one of {model.pool} connections for "
        f"{model.alone.pool_held * 1e3:.1f} ms",
        risk=f"{best.pool * model.replicas} connections at the database instead of "
        f"{model.pool * model.replicas}",
    )
