"""An answer given again to whoever asks the same, where it was seen that it may be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.http_cache.reuse import share
from surefoot.core.records import ConfigEdit, Reusable, RouteUse
from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, server_at, spots, without
from surefoot.toolbox.analysis.model import Model
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "cache-response"
_URL: Final = "cache.url"
_OWN: Final = "memory://"
_SHARED: Final = "sqlite:///responses.db"
_LIVES: Final = (1.0, 5.0, 15.0, 60.0)
"""Seconds; an answer is old for as long as it lives, so the shortest that nearly does it."""
_NEARLY: Final = 0.9
_MOST_KEPT: Final = 0.5  # of those tried; below that the others are the rule
_HIT: Final = 0.05e-3  # CPU seconds; measured: 0.03 ms in memory, 0.05 ms in SQLite
_WAITS: Final = (Kind.HTTP, Kind.SMTP, Kind.CACHE, Kind.QUEUE, Kind.DISK, Kind.OTHER)


def steps(case: Case) -> Iterable[Step]:
    """Every route whose answers may be kept and are asked for again soon enough."""
    routes = {use.route: use for use in case.serial.routes}
    for each in case.evidence.reusable:
        use = routes.get(each.route)
        if use is not None and each.tried and each.kept / each.tried >= _MOST_KEPT:
            yield _step(case, each, use)


def _step(case: Case, each: Reusable, use: RouteUse) -> Step:
    tried = [(life, *_lived(case, each, use, life)) for life in _lives(case)]
    most = max(model.uncorrected for _, model, _ in tried) - case.model.uncorrected
    life, model, hits = next(
        found for found in tried if found[1].uncorrected - case.model.uncorrected >= most * _NEARLY
    )
    text = f"{life:g}s"
    return Step(
        where=each.route,
        relieves=case.bottleneck or case.model.capacities(0.0)[0].resource,
        stage="wrap",
        action=_edits(case, each.route, text),
        model=model,
        how=f"keep the answers of {each.route} for {text} and give them to whoever asks the same",
        because=f"{hits:.0%} of its requests ask for what was asked for within {text}, and a "
        f"request needs {use.wall / use.requests * 1e3:.1f} ms",
        risk=f"an answer may be {text} old; a request that writes to its own address makes it new "
        "at once, one that writes elsewhere does not",
        preconditions=_preconditions(each),
        stale=life,
    )


def _lives(case: Case) -> tuple[float, ...]:
    """Up to what is allowed, where that was said."""
    allowed = float(case.setting("slo.stale"))
    if not allowed:
        return _LIVES
    return (*(life for life in _LIVES if life < allowed), allowed)


def _lived(case: Case, each: Reusable, use: RouteUse, life: float) -> tuple[Model, float]:
    """The model where answers live for so long, and the share of hits: each follows the other."""
    apart = case.model.replicas if _kept_apart(case) else 1
    model, hits = case.model, 0.0
    for _ in range(3):
        # More hits let more requests through, among which more are hits.
        found = share(each.reuse, model.saturation * life / apart)
        hits = found * each.kept / each.tried
        model = _spared(case, use, hits)
    return model, hits


def _spared(case: Case, use: RouteUse, hits: float) -> Model:
    """The model when this share of a route's requests does not reach the application."""
    each = hits / case.requests
    cost = _HIT * use.requests * each
    model = case.model.less(
        app=max(0.0, use.cpu * each - cost),
        blocked=max(0.0, use.loop - use.cpu) * each,
        server=server_at(case, use.route) * hits,
    )
    for spot in spots(case, Kind.DB_CPU, Kind.DB_WAIT):
        if spot.route is use:
            model = without(model, spot, hits)
    waited = sum(r.use for r in use.resources if r.resource.kind in _WAITS)
    model = model.less(outside=waited * each, held=waited * each)
    return model.changed(lock=model.lock * (1 - hits * _locked(case, use)))


def _locked(case: Case, use: RouteUse) -> float:
    """This route's share of the time that the replica's lock is held."""
    index = case.serial.routes.index(use)
    held = case.model.lock_routes[index] if case.model.lock_routes else 0.0
    return held * use.requests / case.requests


def _kept_apart(case: Case) -> bool:
    """Whether each process will keep answers of its own."""
    return str(case.setting(_URL)) == _OWN and case.model.replicas == 1


def _edits(case: Case, route: str, life: str) -> tuple[ConfigEdit, ...]:
    key = f"cache.response[{route}]"
    edits = (ConfigEdit(f"{key}.route", None, route), ConfigEdit(f"{key}.ttl", None, life))
    if str(case.setting(_URL)) == _OWN and case.model.replicas > 1:
        # One memory for all processes: a write that reaches one of them is for the others too.
        return (ConfigEdit(_URL, _OWN, _SHARED), *edits)
    return edits


def _preconditions(each: Reusable) -> tuple[str, ...]:
    old = "what the page shows may be as old as that"
    if each.kept == each.tried:
        return (old,)
    return old, f"{each.tried - each.kept} of {each.tried} are not kept: {each.why}"
