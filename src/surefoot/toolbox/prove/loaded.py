"""Answers compared while both are under load, where nothing that is written can explain them."""

from __future__ import annotations

from dataclasses import replace

from surefoot.core.proof import Answers
from surefoot.toolbox.answers.agreement import Agreement
from surefoot.toolbox.answers.variation import Variation
from surefoot.toolbox.load import Workload
from surefoot.toolbox.prove.block import Loaded

__all__ = ["LoadedAnswers"]

_WRITES = "under load answers were not compared: requests that write change them in both"


class LoadedAnswers:
    """What both answered in all blocks.

    Args:
        variation: What varies by itself.
        workload: What was sent.
    """

    def __init__(self, variation: Variation, workload: Workload) -> None:
        self._agreement = Agreement(variation)
        self._writes = bool(workload.writes)

    def keep(self, base: Loaded, variant: Loaded) -> None:
        """Take in what a pair of blocks answered."""
        if not self._writes:
            self._agreement.add(base.result.answers, variant.result.answers)

    def answers(self, before: Answers) -> Answers:
        """Everything compared: ``before`` one by one, and since then under load."""
        if self._writes:
            return replace(before, notes=(*before.notes, _WRITES))
        found = self._agreement.answers()
        return Answers(
            compared=before.compared + found.compared,
            differing=before.differing + found.differing,
            examples=(*before.examples, *found.examples),
            notes=(*before.notes, *found.notes),
        )
