"""Which change to try first: the most predicted gain for its risk. No effects here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from surefoot.core.measures import Measure
from surefoot.core.records import Change, ConfigEdit

__all__ = ["Identity", "about_rate", "edits", "identity", "keys", "rank", "risk"]

Identity = tuple[str, tuple[tuple[str, str, str], ...]]
"""What makes two proposals the same: the lever, and each key with its value before and after."""

# An argument of the server takes effect in the server alone; what wraps the application or is set
# while it loads meets its code.
_STAGES: Final = {"server": 1.0, "after-fork": 1.1, "before-import": 1.2, "wrap": 1.5}
_OTHER: Final = 2.0
_PRECONDITION: Final = 0.25
_MORE_PROCESSES: Final = 0.5
_PROCESSES: Final = frozenset({"server.replicas", "server.workers"})
# What a rate within the SLO can be raised by; memory and bytes are saved for their own sake.
_ABOUT_RATE: Final = frozenset({Measure.CAPACITY, Measure.CPU, Measure.LATENCY})


def edits(change: Change) -> tuple[ConfigEdit, ...]:
    """The keys of the configuration that it sets; empty for what only its owner can do."""
    return change.action if isinstance(change.action, tuple) else ()


def keys(change: Change) -> dict[str, str | float | bool | None]:
    """Each key with its value afterwards."""
    return {edit.key: edit.after for edit in edits(change)}


def identity(change: Change) -> Identity:
    """As told by the lever and its keys."""
    told = [(edit.key, str(edit.before), str(edit.after)) for edit in edits(change)]
    return change.lever, tuple(sorted(told))


def risk(change: Change) -> float:
    """How much there is to go wrong: 1 for an argument of the server, more for more."""
    found = _STAGES.get(change.stage, _OTHER) + _PRECONDITION * len(change.preconditions)
    # Where a second process is not safe, the proof finds out, but it takes its time to.
    return found + _MORE_PROCESSES * any(edit.key in _PROCESSES for edit in edits(change))


def about_rate(change: Change) -> bool:
    """Whether it can raise the rate within the SLO; what saves memory or bytes does not."""
    return bool(_ABOUT_RATE & set(change.on))


def rank(changes: Iterable[Change], least: float) -> tuple[Change, ...]:
    """Changes of the configuration that promise a rate, best gain per risk first.

    Gains multiply, so it is their logarithm that is weighed against the risk.

    Args:
        changes: What the diagnosis proposes.
        least: The predicted gain from which on one is worth a proof, 1.03 say.
    """
    wanted = [
        change
        for change in changes
        if edits(change) and change.predicted_gain >= least and about_rate(change)
    ]
    return tuple(sorted(wanted, key=lambda change: -math.log(change.predicted_gain) / risk(change)))
