"""A lock held across a wait, narrowed to the state that it protects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.aggregate import lock_waits
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.source import edit
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "lock_sites", "steps"]

NAME: Final = "shared-state"


def lock_sites(case: Case) -> list[tuple[str, str, float]]:
    """Route, line and share of all lock waits at it, the largest first."""
    waits = lock_waits(case.busy, case.evidence.sampled)
    whole = sum(waits.values())
    ranked = sorted(waits.items(), key=lambda item: -item[1])
    return [(route, site, waited / whole) for (route, site), waited in ranked if waited]


def steps(case: Case) -> Iterable[Step]:
    """The lines at which requests queue for a lock of their process."""
    lock = case.model.lock
    if not lock:
        return
    for route, site, share in lock_sites(case)[:2]:
        yield Step(
            where=site,
            relieves=Resource(Kind.APP_LOCK),
            stage="edit",
            action=edit(case, site, "hold the lock for the shared state only, not across the wait"),
            model=case.model.changed(lock=lock * (1 - share)),
            how=f"at {site}, wait outside the lock and take it for the shared state only",
            because=f"the lock at {site} is held about {lock * share * 1e3:.1f} ms per request, "
            f"and {route} queues for it",
            risk="two requests may then wait for the same thing at the same time",
        )
