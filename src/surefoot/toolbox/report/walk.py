"""The walk up the hill as rows: every change that was decided, predicted beside proven."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from surefoot.core.proof import Outcome, Ratio, Verdict
from surefoot.core.records import Change, CodeEdit, OutsideAction
from surefoot.toolbox.report.walk_plot import Stand
from surefoot.toolbox.tune.run import Tuned
from surefoot.toolbox.tune.state import Step

__all__ = ["Row", "edited", "gain_interval", "instruction", "rows", "stands", "total", "value_text"]


@dataclass(frozen=True, slots=True)
class Row:
    """One change that was tried."""

    index: int
    step: Step
    gain: Ratio | None
    """Proven, above 1 for the better; ``None`` where nothing was measured."""

    @property
    def change(self) -> Change:
        """What was tried."""
        return self.step.change

    @property
    def verdict(self) -> Verdict:
        """What came of it."""
        return self.step.verdict

    @property
    def word(self) -> str:
        """``"better"``, ``"no difference"``."""
        return self.verdict.outcome.value.replace("-", " ")

    @property
    def fate(self) -> str:
        """``"kept"`` or ``"dropped"``."""
        return "kept" if self.step.kept else "dropped"


def rows(tuned: Tuned) -> tuple[Row, ...]:
    """All steps in order, dropped ones too."""
    return tuple(
        Row(index, step, gain_interval(step.verdict))
        for index, step in enumerate(tuned.state.steps, 1)
    )


def gain_interval(verdict: Verdict) -> Ratio | None:
    """The proven factor as a gain, above 1 for the better, with its interval."""
    ratio = verdict.ratios.get(verdict.decided_on)
    if ratio is None or ratio.value <= 0:
        return None
    if verdict.decided_on.more_is_better:
        return ratio
    low = 1 / ratio.high if ratio.high > 0 else math.inf
    return Ratio(1 / ratio.value, low, 1 / ratio.low if ratio.low > 0 else math.inf)


def edited(change: Change) -> str:
    """What a change does to the configuration: ``"server.threads 4 -> 16"``."""
    if not isinstance(change.action, tuple):
        return change.where
    return ", ".join(
        f"{edit.key} {value_text(edit.before)} -> {value_text(edit.after)}"
        for edit in change.action
    )


def instruction(change: Change) -> tuple[str, ...]:
    """What its owner has to do for a change that is no key of the configuration; lines."""
    action = change.action
    if isinstance(action, CodeEdit):
        place = f"{action.file}:{action.line}: " if action.file else ""
        return (f"{place}{action.advice}", *action.diff.splitlines())
    if isinstance(action, OutsideAction):
        return (action.forward, f"undo: {action.inverse}")
    return (edited(change),)


def stands(tuned: Tuned) -> tuple[Stand, ...]:
    """Every capacity on the way, each under the name of the change that led to it.

    A measurement follows each change that was kept; what follows an interruption is missing.
    """
    kept = [step for step in tuned.state.steps if step.verdict.outcome is Outcome.BETTER]
    names = ["start", *(step.change.lever for step in kept)]
    return tuple(
        Stand(name, found.capacity) for name, found in zip(names, tuned.state.found, strict=False)
    )


def total(tuned: Tuned) -> Ratio | None:
    """Capacity at the end over that at the start; ``None`` where there are no two to compare."""
    start, end = tuned.start, tuned.end
    if start is None or end is None or start is end:
        return None
    if not start.capacity.low or not end.capacity.rps:
        return None
    before, after = start.capacity, end.capacity
    return Ratio(after.rps / before.rps, after.low / before.high, after.high / before.low)


def value_text(value: Any) -> str:
    """A value of the configuration as the file writes it, text without its quotes."""
    if value is None or value == "":
        return "(default)"
    return value if isinstance(value, str) else json.dumps(value)
