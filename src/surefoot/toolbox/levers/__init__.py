"""Levers: kinds of change that relieve a resource, one file each.

A lever looks at a diagnosed run and says where it applies, what the model becomes if it is
applied there, and which change that is. The predicted gain is the same model solved again.
Other packages add levers by an entry point of the group ``surefoot.levers``, which names a module
or an object with ``NAME`` and ``steps``; ``surefoot.testing.LeverContract`` says what each has to
keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from surefoot.core.measures import Measure
from surefoot.core.records import Change
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers import (
    add_index,
    background_task,
    blocking_call,
    cache_response,
    cache_result,
    compression,
    eager_load,
    gc_freeze,
    keep_alive,
    local_tier,
    persistent_connections,
    pool_size,
    preload_group,
    replicas,
    server,
    shared_state,
    threads,
)
from surefoot.toolbox.levers.installed import Guarded, installed
from surefoot.toolbox.levers.step import Step

__all__ = ["LEVERS", "Case", "Lever", "Step", "proposals", "propose"]

_WORTH_SAYING: Final = 1.03
# Memory and bytes are saved for their own sake; no rate is reached by it.
_ABOUT_RATE: Final = frozenset({Measure.CAPACITY, Measure.CPU, Measure.LATENCY, Measure.ERRORS})


class Lever(Protocol):
    """What a lever's file offers."""

    NAME: str

    def steps(self, case: Case) -> Iterable[Step]:
        """Where it applies, each with the model as it would be then; nothing where it does not."""
        ...


LEVERS: Final[tuple[Lever, ...]] = (
    threads,
    replicas,
    server,
    keep_alive,
    gc_freeze,
    preload_group,
    compression,
    pool_size,
    persistent_connections,
    eager_load,
    add_index,
    background_task,
    blocking_call,
    cache_response,
    cache_result,
    local_tier,
    shared_state,
)


def propose(case: Case, levers: Sequence[Lever] = LEVERS) -> tuple[Change, ...]:
    """Every change worth trying, best predicted gain first; what raises no rate comes last."""
    changes = [
        change
        for lever in levers
        for step in lever.steps(case)
        if (change := step.change(lever.NAME, case.model)).predicted_gain >= _WORTH_SAYING
    ]
    return tuple(sorted(changes, key=_order))


def _order(change: Change) -> tuple[bool, float]:
    return change.on[0] not in _ABOUT_RATE, -change.predicted_gain


def proposals(case: Case) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Changes of the levers here and of those that other packages add, and notes on broken ones."""
    more, notes = installed(frozenset(lever.NAME for lever in LEVERS))
    guarded = [Guarded(lever) for lever in more]
    changes = propose(case, (*LEVERS, *guarded))
    unknown = cache_result.unpredicted(case)
    return changes, (*notes, *unknown, *(lever.fault for lever in guarded if lever.fault))
