"""A call that holds up the event loop, awaited or moved to a thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.source import awaited, edit
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "blocking_sites", "steps"]

NAME: Final = "blocking-call"


def blocking_sites(case: Case) -> list[tuple[str, str, float]]:
    """Route, line and share of all waiting samples at it, the largest first."""
    seen: dict[tuple[str, str], int] = {}
    for probe in case.evidence.probes:
        for stack in probe.stacks:
            if stack.state in {"wait", "lock"} and stack.route and stack.site:
                key = (stack.route, stack.site)
                seen[key] = seen.get(key, 0) + stack.count
    whole = sum(seen.values())
    ranked = sorted(seen.items(), key=lambda item: -item[1])
    return [(route, site, count / whole) for (route, site), count in ranked]


def steps(case: Case) -> Iterable[Step]:
    """The lines where the loop stood still, where it did so for long enough to matter."""
    blocked = case.model.alone.blocked
    if case.model.limited or blocked < 0.1 * case.model.alone.response:
        return
    for route, site, share in blocking_sites(case)[:3]:
        yield Step(
            where=site,
            relieves=Resource(Kind.APP_LOOP),
            stage="edit",
            action=edit(
                case, site, "await an asynchronous client, or this call in a thread", awaited
            ),
            model=case.model.less(blocked=blocked * share),
            how=f"await an asynchronous client at {site}, or move the call to a thread",
            because=f"the loop stands still {blocked * share * 1e3:.1f} ms per request in {route}",
            risk="what runs in a thread runs beside the loop: what both of them use needs a lock",
            preconditions=("the line stands in a coroutine, an async def",),
        )
