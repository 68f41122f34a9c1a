"""Levers: kinds of change that relieve a resource, one file each.

A lever looks at a diagnosed run and says where it applies, what the model becomes if it is
applied there, and which change that is. The predicted gain is the same model solved again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from surefoot.core.records import Change
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers import (
    add_index,
    background_task,
    blocking_call,
    cache_result,
    eager_load,
    pool_size,
    replicas,
    shared_state,
    threads,
)
from surefoot.toolbox.levers.step import Step

__all__ = ["LEVERS", "Case", "Lever", "Step", "propose"]

_WORTH_SAYING = 1.03


class Lever(Protocol):
    """What a lever's file offers."""

    NAME: str

    def steps(self, case: Case) -> Iterable[Step]:
        """Where it applies, each with the model as it would be then; nothing where it does not."""
        ...


LEVERS: tuple[Lever, ...] = (
    threads,
    replicas,
    pool_size,
    eager_load,
    add_index,
    background_task,
    blocking_call,
    cache_result,
    shared_state,
)


def propose(case: Case, levers: Sequence[Lever] = LEVERS) -> tuple[Change, ...]:
    """Every change worth trying, best predicted gain first."""
    before = case.model.uncorrected
    changes = []
    for lever in levers:
        for step in lever.steps(case):
            gain = step.model.uncorrected / before if before else 1.0
            if gain >= _WORTH_SAYING:
                changes.append(step.change(lever.NAME, gain, before, step.model.uncorrected))
    return tuple(sorted(changes, key=lambda change: -change.predicted_gain))
