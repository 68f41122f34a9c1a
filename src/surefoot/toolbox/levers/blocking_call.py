"""A call that holds up the event loop, awaited or moved to a thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.records import Probe
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.source import awaited, edit
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "blocking_sites", "steps"]

NAME: Final = "blocking-call"
_MATTERS: Final = 0.1
_LONGER: Final = 2.0  # twenty requests in flight made what is awaited 80 times as long


def blocking_sites(case: Case) -> list[tuple[str, str, float]]:
    """Route, line and seconds per request of the mix that it keeps the loop, the most first.

    A call that keeps the loop takes as long with many requests in flight as with one. What is
    awaited comes back only when the loop has time for it, later with each request more.
    """
    alone, crowded = _seconds(case, case.serial), _seconds(case, case.busy)
    kept = {
        (route, site): case.share(route) * seconds
        for (route, site), seconds in alone.items()
        if crowded.get((route, site), 0.0) <= _LONGER * seconds
    }
    ranked = sorted(kept.items(), key=lambda item: -item[1])
    return [(route, site, seconds) for (route, site), seconds in ranked]


def _seconds(case: Case, probe: Probe) -> dict[tuple[str, str], float]:
    """How long a request of a route stood at each line without computing, by the sampler."""
    requests = {route.route: route.requests for route in probe.routes}
    each = probe.sampled or case.evidence.sampled
    seen: dict[tuple[str, str], float] = {}
    for stack in probe.stacks:
        if stack.state != "cpu" and stack.site and requests.get(stack.route):
            key = (stack.route, stack.site)
            seen[key] = seen.get(key, 0.0) + stack.count * each / requests[stack.route]
    return seen


def steps(case: Case) -> Iterable[Step]:
    """The lines where the loop stood still, where it did so for long enough to matter."""
    blocked = case.model.alone.blocked
    if case.model.limited or blocked < _MATTERS * case.model.alone.response:
        return
    for route, site, seconds in blocking_sites(case)[:3]:
        freed = min(seconds, blocked)
        if freed < _MATTERS * blocked:
            continue
        yield Step(
            where=site,
            relieves=Resource(Kind.APP_LOOP),
            stage="edit",
            action=edit(
                case, site, "await an asynchronous client, or this call in a thread", awaited
            ),
            model=case.model.awaited(freed),
            how=f"await an asynchronous client at {site}, or move the call to a thread",
            because=f"the loop stands still {freed * 1e3:.1f} ms per request in {route}, which is "
            "assumed to wait as long beside it",
            risk="what runs in a thread runs beside the loop: what both of them use needs a lock",
            preconditions=("the line stands in a coroutine, an async def",),
        )
