"""Connections to the database that outlive the request that opened them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, Spot, spots, without
from surefoot.toolbox.analysis.model import Model
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "persistent-connections"
_CONNECTING: Final = "(connect)"  # what the drivers' hooks call it
_EACH: Final = 0.5  # connections a request; the first of a thread is opened once
_AGE: Final = "10m"
_AGE_KEY: Final = "database.default.max_age"
_POOL_KEY: Final = "database.default.pool_size"
_POOL: Final = 10


def steps(case: Case) -> Iterable[Step]:
    """Where each request of Django's opens a connection, as it does unless it is told otherwise.

    A thread of a WSGI server can keep its connection. Under ASGI Django starts a thread for each
    request, and what it kept would be lost with it: there the connections are a pool's.
    """
    opened = [
        spot
        for spot in spots(case, Kind.DB_WAIT, Kind.DB_CPU)
        if spot.place.what == _CONNECTING and spot.per_call >= _EACH
    ]
    if case.evidence.framework != "django" or not opened:
        return
    pooled = case.evidence.interface == "asgi"
    key = _POOL_KEY if pooled else _AGE_KEY
    if case.setting(key) not in {0, "0s"}:
        return
    kept = (_POOL if pooled else case.model.slots) * case.model.replicas
    yield Step(
        where=key,
        relieves=opened[0].resource,
        stage="before-import",
        action=(ConfigEdit(key, None, _POOL if pooled else _AGE),),
        model=_model(case, opened),
        how=f"set {key} = {_POOL}" if pooled else f'set {key} = "{_AGE}"',
        because=_because(opened),
        risk=f"{kept} connections stay open at the database",
        preconditions=_preconditions(kept, pooled=pooled),
    )


def _model(case: Case, opened: Sequence[Spot]) -> Model:
    model = case.model
    for spot in opened:
        model = without(model, spot, 1.0)
        if spot.resource.kind is Kind.DB_WAIT:
            # What the client computes for it, which is not in the wait.
            model = model.less(app=spot.cpu)
    return model


def _because(opened: Sequence[Spot]) -> str:
    seconds = sum(spot.use for spot in opened)
    routes = ", ".join(dict.fromkeys(spot.route.route for spot in opened))
    return (
        f"requests of {routes} each open a connection, {seconds * 1e3:.1f} ms of each request of "
        "the mix when it is alone, and that the first statements of a new one are slower is not "
        "counted"
    )


def _preconditions(count: int, *, pooled: bool) -> tuple[str, ...]:
    allowed = f"the database allows {count} connections"
    if not pooled:
        return (allowed,)
    return allowed, "PostgreSQL with psycopg 3 and psycopg_pool, and Django 5.1 or newer"
