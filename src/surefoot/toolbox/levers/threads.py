"""More threads in each replica where requests wait for one, fewer where they only get in the way.

One thread runs Python at a time. Where requests hardly wait for anything else, several of them hand
the interpreter's lock to and fro, and each request costs more CPU than it does alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
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
    """Double while the model gains 5 % by it, else what halving brings."""
    model = case.model
    if not model.limited:
        return
    more = _doubled(model)
    if more.slots > model.slots:
        yield _more(case, more)
        return
    fewer = _halved(model)
    if fewer.slots < model.slots:
        yield _fewer(case, fewer)


def _doubled(model: Model) -> Model:
    best = model
    while best.slots * 2 <= _MOST:
        wider = best.changed(slots=best.slots * 2)
        if wider.uncorrected < best.uncorrected * _WORTH:
            break
        best = wider
    return best


def _halved(model: Model) -> Model:
    """The best of half, a quarter, ..., one; all are looked at, for two may be no better than four.

    What fewer requests at a time cost each was measured: the serial probe has one.
    """
    found, slots = model, model.slots
    while slots > 1:
        slots //= 2
        narrower = _with(model, slots)
        if narrower.uncorrected > found.uncorrected:
            found = narrower
    return found if found.uncorrected >= model.uncorrected * _WORTH else model


def _with(model: Model, slots: int) -> Model:
    """The model with fewer slots, and the CPU that a request costs among so few."""
    busy = max(1, model.full.population // model.replicas)
    share = min(1.0, (slots - 1) / (busy - 1)) if busy > 1 else 1.0
    app = model.alone.app + (model.full.app - model.alone.app) * share
    full = replace(model.full, population=slots * model.replicas, app=app)
    return model.changed(slots=slots, full=full)


def _more(case: Case, best: Model) -> Step:
    wait = case.model.alone.response - case.model.alone.app
    return Step(
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


def _fewer(case: Case, best: Model) -> Step:
    alone, full = case.model.alone.app, case.model.full.app
    return Step(
        where="server.threads",
        relieves=Resource(Kind.APP_CPU),
        stage="server",
        action=(ConfigEdit("server.threads", case.model.slots, best.slots),),
        model=best,
        how=f"set server.threads = {best.slots}",
        because=f"{case.model.full.population} requests at a time cost {full * 1e3:.1f} ms of CPU "
        f"each, one alone {alone * 1e3:.1f} ms: threads wait for the interpreter, not for others",
        risk="a request that does wait for something holds up those behind it",
    )


def _preconditions(model: Model) -> tuple[str, ...]:
    if not model.pool or model.slots <= model.pool:
        return ()
    return (f"{model.slots} threads can share {model.pool} connections to the database",)
