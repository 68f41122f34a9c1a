"""An answer of another service that is asked for again and again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, spots
from surefoot.toolbox.levers.source import edit
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "cache-result"
_HITS: Final = 0.9  # assumed until it can be measured, and said so


def steps(case: Case) -> Iterable[Step]:
    """Every line that waits for another service over HTTP."""
    for spot in spots(case, Kind.HTTP):
        site = spot.place.site or "(unknown line)"
        saved = spot.use * _HITS
        yield Step(
            where=site,
            relieves=case.bottleneck or spot.resource,
            stage="edit",
            action=edit(case, site, "keep the answer for as long as it may be stale"),
            model=case.model.less(outside=saved, blocked=saved, held=saved),
            how=f"keep the answer {site} gets from {spot.resource.name} for a while",
            because=f"{spot.share:.0%} of {spot.route.route} is waiting for "
            f"{spot.resource.name}; {_HITS:.0%} of its answers assumed to be reusable",
            risk="the answer may be stale for as long as it is kept",
            preconditions=("the same question is asked again and again, and for everybody alike",),
        )
