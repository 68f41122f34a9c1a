"""One place where a lever applies, and the model as it would be then."""

from __future__ import annotations

from dataclasses import dataclass

from surefoot.core.records import Change, CodeEdit, ConfigEdit, OutsideAction
from surefoot.core.resources import Resource
from surefoot.toolbox.analysis.model import Model

__all__ = ["Step", "edit_at"]


@dataclass(frozen=True, slots=True)
class Step:
    """What a lever would do at one place."""

    where: str
    relieves: Resource
    stage: str
    action: tuple[ConfigEdit, ...] | OutsideAction | CodeEdit
    model: Model
    how: str
    because: str
    """The first half of the arithmetic: what is taken away."""
    risk: str = ""

    def change(self, lever: str, gain: float, before: float, after: float) -> Change:
        """The change that results, with its prediction."""
        return Change(
            lever=lever,
            where=self.where,
            relieves=self.relieves,
            stage=self.stage,
            action=self.action,
            predicted_gain=gain,
            how=self.how,
            arithmetic=f"{self.because}: {before:.0f}/s -> {after:.0f}/s in the model",
            risk=self.risk,
        )


def edit_at(site: str, advice: str) -> CodeEdit:
    """An edit of the application's own code at ``"views.py:41"``."""
    file, _, line = site.rpartition(":")
    return CodeEdit(file or site, int(line) if line.isdigit() else 0, advice)
