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
_WAITED: Final = 0.02


def steps(case: Case) -> Iterable[Step]:
    """As many connections as there are slots: then nobody waits for one."""
    model = case.model
    waited = model.full.pool_wait
    if not model.pool or waited < _WAITED * model.full.wall or model.pool >= model.slots:
        return
    wanted = model.slots
    yield Step(
        where="the engine's pool",
        relieves=Resource(Kind.DB_POOL),
        stage="edit",
        action=CodeEdit("", 0, f"create_engine(..., pool_size={wanted}, max_overflow=0)"),
        model=model.changed(pool=wanted),
        how=f"create_engine(..., pool_size={wanted}, max_overflow=0)",
        because=f"a request waits {waited * 1e3:.1f} ms for one of {model.pool} connections",
        risk=f"{wanted * model.replicas} connections at the database instead of "
        f"{model.pool * model.replicas}",
    )
