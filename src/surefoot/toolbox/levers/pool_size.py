"""More connections in a pool that requests queue for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "pool-size"
_LEAF: Final = "pool_size"
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
    key, before = _key(case)
    yield Step(
        where=key,
        relieves=Resource(Kind.DB_POOL),
        stage="before-import",
        action=(ConfigEdit(key, before, best.pool),),
        model=best,
        how=f"set {key} = {best.pool}",
        because=f"a request holds one of {model.pool} connections for "
        f"{model.alone.pool_held * 1e3:.1f} ms",
        risk=f"{best.pool * model.replicas} connections at the database instead of "
        f"{model.pool * model.replicas}",
        preconditions=(
            f"the database allows {(best.pool - model.pool) * model.replicas} connections more",
        ),
    )


def _key(case: Case) -> tuple[str, int | None]:
    """The key to change, and what it is: of the only database with a size, else of all others."""
    told = {
        key: int(value)
        for key, value in case.evidence.keys
        if key.startswith("database.") and key.endswith(f".{_LEAF}")
    }
    sized = [key for key, value in told.items() if value]
    key = sized[0] if len(sized) == 1 else f"database.default.{_LEAF}"
    return key, told.get(key)
