"""An answer given again to whoever asks the same, where it was seen that it may be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.http_cache.reuse import share
from surefoot.core.records import ConfigEdit, Reusable, RouteUse
from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, server_at, spots, without
from surefoot.toolbox.analysis.model import Model
from surefoot.toolbox.levers.kept_apart import together
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "cache-response"
_LIVES: Final = (1.0, 5.0, 15.0, 60.0)
"""Seconds; an answer is old for as long as it lives, so the shortest that nearly does it."""
_NEARLY: Final = 0.9
_MOST_KEPT: Final = 0.5  # of those tried; below that the others are the rule
_HIT: Final = 0.05e-3  # CPU seconds; measured: 0.03 ms in memory, 0.05 ms in SQLite
_WAITS: Final = (
    Kind.HTTP, Kind.SMTP, Kind.PROCESS, Kind.CACHE, Kind.QUEUE, Kind.DISK, Kind.OTHER,
)  # fmt: skip


def steps(case: Case) -> Iterable[Step]:
    """Every route whose answers may be kept and are asked for again soon enough."""
    routes = {use.route: use for use in case.serial.routes}
    for each in case.evidence.reusable:
        use = routes.get(each.route)
        if use is not None and each.tried and each.kept / each.tried >= _MOST_KEPT:
            yield from _step(case, each, use)


def _step(case: Case, each: Reusable, use: RouteUse) -> Iterable[Step]:
    tried = [(life, *_lived(case, each, use, life)) for life in _lives(case)]
    gains = [model.uncorrected - case.model.uncorrected for _, model, _ in tried]
    if max(gains) <= 0:
        # To look an answer up costs more than to make it.
        return
    nearly = max(gains) * _NEARLY
    life, model, hits = next(t for t, gain in zip(tried, gains, strict=True) if gain >= nearly)
    text = f"{life:g}s"
    yield Step(
        where=each.route,
        relieves=case.bottleneck or case.model.capacities(0.0)[0].resource,
        stage="wrap",
        action=(*together(case, case.model.replicas), *_edits(each, text)),
        model=model,
        how=f"keep the answers of {each.route} for {text} and give them to {_whom(each)}",
        because=f"{hits:.0%} of its requests ask for what was asked for within {text}, and a "
        f"request needs {use.wall / use.requests * 1e3:.1f} ms",
        risk=f"an answer may be {text} old; a request that writes to its own address makes it new "
        f"at once, one that writes elsewhere does not{_risk(each)}",
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
    model, hits = case.model, 0.0
    for _ in range(3):
        # More hits let more requests through, among which more are hits.
        found = share(each.reuse, model.saturation * life)
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


def _edits(each: Reusable, life: str) -> tuple[ConfigEdit, ...]:
    key = f"cache.response[{each.route}]"
    edits = (ConfigEdit(f"{key}.route", None, each.route), ConfigEdit(f"{key}.ttl", None, life))
    return (*edits, ConfigEdit(f"{key}.everybody", None, True)) if each.alike else edits


def _whom(each: Reusable) -> str:
    if not each.alike:
        return "whoever asks the same"
    return "everybody who asks the same, whether logged in or not"


def _risk(each: Reusable) -> str:
    if not each.alike:
        return ""
    return (
        f"; who is logged in gets what all others get, as {each.alike} answers to {each.users} "
        "users were: the proof asks again, and neither sees what a page shows to other users only"
    )


def _preconditions(each: Reusable) -> tuple[str, ...]:
    found = ["what the page shows may be as old as that"]
    if each.alike:
        found.append("nobody is shown anything of their own there")
    if each.kept < each.tried:
        found.append(f"{each.tried - each.kept} of {each.tried} are not kept: {each.why}")
    return tuple(found)
