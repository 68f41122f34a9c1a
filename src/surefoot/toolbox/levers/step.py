"""One place where a lever applies, and the model as it would be then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from surefoot.core.measures import Measure
from surefoot.core.records import Change, CodeEdit, ConfigEdit, OutsideAction
from surefoot.core.resources import Resource
from surefoot.toolbox.analysis.model import Model

__all__ = ["STAGES", "Step", "edit_at"]

STAGES: Final = ("server", "before-import", "wrap", "after-fork", "outside", "edit")
"""When a change takes effect: as an argument of the server, before the application's import, around
its callable, in the worker once it is forked, outside the application, or in its code."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a lever would do at one place."""

    where: str
    relieves: Resource
    stage: str
    """One of ``STAGES``."""
    action: tuple[ConfigEdit, ...] | OutsideAction | CodeEdit
    """Keys of the configuration; something done and undone outside; or an edit, shown only."""
    model: Model
    """As it would be: what the prediction is made from."""
    how: str
    because: str
    """The first half of the arithmetic: what is taken away, and what was assumed."""
    risk: str = ""
    on: tuple[Measure, ...] = (Measure.CAPACITY,)
    """What has to get better; the prediction is of the first."""
    guards: tuple[Measure, ...] = (Measure.LATENCY, Measure.ERRORS)
    """What must not get worse."""
    preconditions: tuple[str, ...] = ()
    stale: float = 0.0
    """Seconds that an answer may then be old."""
    gain: float = 0.0
    """Predicted factor on a measure that the model knows nothing of, memory or bytes."""

    def change(self, lever: str, before: Model) -> Change:
        """The change that results, with its prediction against the model as it is."""
        gain, arithmetic = self._predicted(before)
        return Change(
            lever=lever,
            where=self.where,
            relieves=self.relieves,
            stage=self.stage,
            action=self.action,
            predicted_gain=gain,
            how=self.how,
            arithmetic=f"{self.because}: {arithmetic}",
            risk=self.risk,
            on=self.on,
            guards=self.guards,
            preconditions=self.preconditions,
            stale=self.stale,
        )

    def _predicted(self, before: Model) -> tuple[float, str]:
        if self.gain:
            return self.gain, f"{self.on[0].value} / {self.gain:.2f}"
        if self.on[0] is Measure.CPU:
            old, new = _cpu(before), _cpu(self.model)
            return _ratio(old, new), f"{old * 1e3:.2f} ms -> {new * 1e3:.2f} ms of CPU in the model"
        old, new = before.saturation, self.model.saturation
        return _ratio(new, old), f"{old:.0f}/s -> {new:.0f}/s in the model"


def _cpu(model: Model) -> float:
    """CPU seconds of a request with every slot busy, the load generator's left out."""
    return model.full.app + model.full.db_cpu


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else 1.0


def edit_at(site: str, advice: str) -> CodeEdit:
    """An edit of the application's own code at ``"views.py:41"``."""
    file, _, line = site.rpartition(":")
    return CodeEdit(file or site, int(line) if line.isdigit() else 0, advice)
