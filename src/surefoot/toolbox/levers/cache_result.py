"""A function's results given again to whoever calls it with the same, for a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from surefoot.core.function import Function
from surefoot.core.http_cache.reuse import share
from surefoot.core.records import CodeEdit
from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, Spot, cpu_at, spots, without
from surefoot.toolbox.analysis.model import Model
from surefoot.toolbox.analysis.tables import EVERY
from surefoot.toolbox.levers.given_up import asking_less
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps", "unpredicted"]

NAME: Final = "cache-result"
_LIVES: Final = (1.0, 5.0, 15.0, 60.0)
"""Seconds; a result is old for as long as it lives, so the shortest that nearly does it."""
_NEARLY: Final = 0.9
_HIT: Final = 0.03e-3  # CPU seconds; measured: 0.009 ms in memory, 0.023 ms in SQLite
_DATABASE: Final = (Kind.DB_CPU, Kind.DB_WAIT)
_ADDRESS: Final = "the whole address"


def steps(case: Case) -> Iterable[Step]:
    """Every function that is known to be asked the same again soon enough."""
    for function in case.evidence.functions:
        if not function.unknown:
            yield from _step(case, function)


def unpredicted(case: Case) -> Iterator[str]:
    """What is said of functions of whose use nothing is known that a figure could rest on."""
    for function in case.evidence.functions:
        spent = sum(spot.use for spot in _waits(case, function))
        if function.unknown and spent > 0:
            yield (
                f"{NAME} at {_where(function)}, where each request of the mix waits "
                f"{spent * 1e3:.1f} ms, is not predicted: {function.unknown}"
            )


def _step(case: Case, function: Function) -> Iterator[Step]:
    tried = [(life, *_lived(case, function, life)) for life in _lives(case)]
    gains = [model.uncorrected - case.model.uncorrected for _, model, _ in tried]
    if max(gains) <= 0:
        return
    nearly = max(gains) * _NEARLY
    life, model, hits = next(t for t, gain in zip(tried, gains, strict=True) if gain >= nearly)
    text = f"{life:g}s"
    yield Step(
        where=_where(function),
        relieves=case.bottleneck or case.model.capacities(0.0)[0].resource,
        stage="edit",
        action=_edit(case, function, text),
        model=model,
        how=f"keep what {function.name}() {_gets(function)} for {text}",
        because=_because(function, hits, text),
        risk=f"what it returns may be {text} old{_unseen(function)}",
        preconditions=_preconditions(function),
        stale=life,
    )


def _gets(function: Function) -> str:
    """A view returns its answer, which is not what is kept of it."""
    return "waits for" if function.unfit else "returns"


def _where(function: Function) -> str:
    return f"{function.file}:{function.line}"


def _lives(case: Case) -> tuple[float, ...]:
    """Up to what is allowed, where that was said."""
    allowed = float(case.setting("slo.stale"))
    if not allowed:
        return _LIVES
    return (*(life for life in _LIVES if life < allowed), allowed)


def _lived(case: Case, function: Function, life: float) -> tuple[Model, float]:
    """The model where results live for so long, and the share of hits: each follows the other."""
    model, hits = case.model, 0.0
    for _ in range(3):
        # More hits let more requests through, among which more are hits.
        hits = share(function.reuse, model.saturation * life * min(1.0, function.times))
        model = _spared(case, function, hits)
    return model, hits


def _spared(case: Case, function: Function, hits: float) -> Model:
    """The model when this share of the calls finds a result."""
    model, calls = case.model, 0.0
    asked = sum(map(case.share, function.routes)) * function.times
    computing = _computing(case, function)
    model = model.less(app=max(0.0, computing * hits - asked * _HIT), held=computing * hits)
    for spot in _waits(case, function):
        if spot.resource.kind in _DATABASE:
            model = without(model, spot, hits)
        else:
            waited = max(0.0, spot.use - spot.cpu) * hits
            model = model.less(app=spot.cpu * hits, outside=waited, blocked=waited)
            model = model.less(held=spot.use * hits)
        calls += hits * spot.place.count / case.requests
    return asking_less(case, model, calls)


def _computing(case: Case, function: Function) -> float:
    """CPU seconds per request of the mix; what a view computes is its answer."""
    if function.unfit:
        return 0.0
    return sum(cpu_at(case, route, site) for route in function.routes for site in function.sites)


def _waits(case: Case, function: Function) -> Iterator[Spot]:
    found = spots(case, Kind.HTTP, *_DATABASE)
    yield from (spot for spot in found if spot.place.site in function.sites)


def _because(function: Function, hits: float, text: str) -> str:
    told = function.told_by
    if told == _ADDRESS:
        rests = "were each address, and who asks, a result of its own"
    elif told == "nothing":
        rests = "for it takes no arguments"
    else:
        rests = f"told apart by {told}"
    ended = _tables(function)
    written = f", of what is written to {' and '.join(ended)} since too" if ended else ""
    return (
        f"{hits:.0%} of its calls ask for what was asked for within {text}, {rests}, counted on "
        f"requests drawn from the workload{written}"
    )


def _tables(function: Function) -> tuple[str, ...]:
    """What its results hang on, where all of it is known."""
    return () if EVERY in function.tables else function.tables


def _unseen(function: Function) -> str:
    tables = _tables(function)
    if not tables:
        return ", whatever is changed where it comes from"
    named = ", ".join(f'"{table}"' for table in tables)
    return f", unless who writes calls results.invalidate(tags=[{named}]) after the commit"


def _preconditions(function: Function) -> tuple[str, ...]:
    found = ["its result depends on its arguments alone, and is the same for everybody"]
    if function.tables:
        found.append("it returns plain values, and no rows that belong to a session")
    if not function.counted:
        found.append(f"each call takes much longer than {_HIT * 1e3:g} ms: nothing counts them")
    return tuple(found)


def _edit(case: Case, function: Function, life: str) -> CodeEdit:
    tables = ", ".join(f'"{table}"' for table in _tables(function))
    tags = f", tags=[{tables}]" if tables else ""
    decorator = f'@results.cached(ttl="{life}"{tags})'
    kind = "AsyncCache" if function.asynchronous else "Cache"
    if function.unfit:
        advice = f"give what is spent in {function.name}() a function of its own under {decorator}"
        return CodeEdit(function.file, function.line, f"{advice}, for {function.unfit}")
    made = f'results = {kind}.from_url("{_store(case)}", name="results")'
    advice = f"put {decorator} on {function.name}(); {made}"
    if function.names:
        return CodeEdit(function.file, function.line, advice)
    diff = _diff(function, [f"from surefoot.cache import {kind}", "", made], decorator)
    return CodeEdit(function.file, function.line, advice, diff)


def _store(case: Case) -> str:
    """One that all processes share, where there are several."""
    return "memory://" if case.model.replicas == 1 else "sqlite:///results.db"


def _diff(function: Function, head: list[str], decorator: str) -> str:
    """Lines that are added behind the imports, and one above the function."""
    added = "".join(f"+{line}\n" for line in head)
    first, above = function.imports, function.line - 1
    return (
        f"--- a/{function.file}\n+++ b/{function.file}\n"
        f"@@ -{first},0 +{first + 1},{len(head)} @@\n{added}"
        f"@@ -{above},0 +{above + len(head) + 1} @@\n+{decorator}\n"
    )
