"""What a tune knows, and what follows from it: the next action. No effects here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from surefoot.core.proof import Outcome, Verdict
from surefoot.core.records import Capacity, Change
from surefoot.core.resources import Resource
from surefoot.toolbox.tune.rank import Identity, about_rate, edits, identity, rank
from surefoot.units import format_duration

__all__ = [
    "Action",
    "Diagnose",
    "Done",
    "Found",
    "Goal",
    "Prove",
    "Skipped",
    "State",
    "Step",
    "Stopped",
    "decide",
]

LEAST_PROOF: Final = 40.0
"""Seconds below which a proof decides nothing: two starts, answers, five pairs."""
MOST_PROOF: Final = 90.0
_SEARCH_SHARE: Final = 12.0
_SEARCH: Final = (10.0, 35.0)
_BESIDES: Final = 20.0  # of a measurement besides its search: start, two probes, beyond


class Stopped(StrEnum):
    """Why a tune ended."""

    REACHED = "the rate is met within the SLO"
    NOTHING_LEFT = "nothing is left that promises more than the margin"
    EDITS_LEFT = "only edits are left, and those are yours to make"
    TIME = "the time is spent"
    INTERRUPTED = "interrupted"
    INVALID = "the machine was too busy to measure on"
    UNSAFE = "requests that run at the same time get wrong answers"
    FAILED = "something failed"
    DRY_RUN = "a dry run tries nothing"


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached, and in which time."""

    until: float
    """Requests per second within the SLO; infinite to go on while something helps."""
    seconds: float
    margin: float = 0.03
    """Gains below it are not worth a proof."""
    stale: float = 0.0
    """Seconds that an answer may be old that is given again."""
    dry_run: bool = False

    @property
    def search(self) -> float:
        """Seconds that each search for the rate may take."""
        return max(_SEARCH[0], min(_SEARCH[1], self.seconds / _SEARCH_SHARE))

    @property
    def reserve(self) -> float:
        """Seconds that a measurement takes, kept for the one after a change that is kept."""
        return self.search + _BESIDES


@dataclass(frozen=True, slots=True)
class Found:
    """What a measurement says, as far as the loop looks at it."""

    capacity: Capacity
    bottleneck: Resource | None = None
    changes: tuple[Change, ...] = ()
    valid: bool = True
    why_invalid: str = ""
    slo: str = ""
    unsafe: str = ""
    """How requests that run at the same time get wrong answers; empty where none was seen."""
    remedy: str = ""
    """What to do about it before anything is tuned; empty where it was chosen to run like that."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change that was decided."""

    change: Change
    verdict: Verdict
    number: int = 0
    """Its number in the journal; 0 where there is none."""

    @property
    def kept(self) -> bool:
        """Only better is kept."""
        return self.verdict.outcome is Outcome.BETTER


@dataclass(frozen=True, slots=True)
class Skipped:
    """A change that was not tried."""

    change: Change
    why: str


@dataclass(frozen=True, slots=True)
class Diagnose:
    """Take the diagnosis."""

    seconds: float
    """Of its search."""


@dataclass(frozen=True, slots=True)
class Prove:
    """Try one change."""

    change: Change
    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """End."""

    why: Stopped


Action = Diagnose | Prove | Done


@dataclass(frozen=True, slots=True)
class State:
    """Everything known so far."""

    goal: Goal
    refused: Mapping[Identity, str] = field(default_factory=lambda: MappingProxyType({}))
    """What earlier runs dropped on the same code, data and machine, and why."""
    fixed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Keys that the configuration file has no say in, and who has."""
    spent: float = 0.0
    """Seconds since the start."""
    found: tuple[Found, ...] = ()
    """Every measurement, oldest first."""
    fresh: bool = False
    """Whether the last one is of the configuration in force."""
    steps: tuple[Step, ...] = ()
    interrupted: bool = False
    unproven: Mapping[Identity, str] = field(default_factory=lambda: MappingProxyType({}))
    """Changes whose proof failed before it could say anything, and why."""

    @property
    def latest(self) -> Found | None:
        """The last measurement."""
        return self.found[-1] if self.found else None

    @property
    def left(self) -> float:
        """Seconds."""
        return self.goal.seconds - self.spent

    def measured(self, found: Found) -> State:
        """What is known after a measurement."""
        return dataclasses.replace(self, found=(*self.found, found), fresh=True)

    def proven(self, step: Step) -> State:
        """What is known after a proof: a change that is kept moves the bottleneck."""
        return dataclasses.replace(self, steps=(*self.steps, step), fresh=not step.kept)

    def failed(self, change: Change, why: str) -> State:
        """What is known after a proof that could not be made; the change is left alone."""
        told = {**self.unproven, identity(change): f"it could not be proven: {why}"}
        return dataclasses.replace(self, unproven=MappingProxyType(told))

    @property
    def candidates(self) -> tuple[Change, ...]:
        """What may be tried next, best first."""
        if self.latest is None:
            return ()
        ranked = rank(self.latest.changes, 1 + self.goal.margin)
        return tuple(change for change in ranked if not self.why_not(change))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What is worth a proof and is not tried, and why."""
        if self.latest is None:
            return ()
        ranked = rank(self.latest.changes, 1 + self.goal.margin)
        told = [Skipped(change, self.why_not(change)) for change in ranked]
        refused = [one for one in told if one.why and not self._tried(one.change)]
        others = [c for c in self.latest.changes if edits(c) and not about_rate(c)]
        return (*refused, *(Skipped(change, _aside(change)) for change in others))

    @property
    def edits(self) -> tuple[Change, ...]:
        """What only the application's owner can do, best first."""
        if self.latest is None:
            return ()
        own = [change for change in self.latest.changes if not edits(change)]
        return tuple(sorted(own, key=lambda change: -change.predicted_gain))

    def why_not(self, change: Change) -> str:
        """Why a change is not tried; empty where nothing speaks against it."""
        if self._tried(change):
            return "tried already"
        held = [(e.key, self.fixed[e.key]) for e in edits(change) if e.key in self.fixed]
        if held:
            return f"{held[0][0]} is set by the {held[0][1]}, which the file cannot change"
        if change.stale > self.goal.stale:
            old = format_duration(change.stale)
            return f"an answer may then be {old} old; allow that with --stale {old}"
        return self.unproven.get(identity(change)) or self.refused.get(identity(change), "")

    def _tried(self, change: Change) -> bool:
        return any(identity(step.change) == identity(change) for step in self.steps)


def _aside(change: Change) -> str:
    """Why a change that helps something else than the rate is left to its owner."""
    values = " ".join(f"--set {edit.key}={json.dumps(edit.after)}" for edit in edits(change))
    on = ",".join(change.on)
    return f"it is about {on} and not the rate; prove it with: surefoot prove {values} --on {on}"


def decide(state: State) -> Action:
    """The next action: measure what is not known, else try the best that is left and affordable."""
    if state.interrupted:
        return Done(Stopped.INTERRUPTED)
    if not state.fresh:
        return Diagnose(state.goal.search)
    enough = _enough(state)
    if enough is not None:
        return Done(enough)
    seconds = min(MOST_PROOF, state.left - state.goal.reserve)
    if seconds < LEAST_PROOF:
        return Done(Stopped.TIME)
    return Prove(state.candidates[0], seconds)


def _enough(state: State) -> Stopped | None:
    """Why there is nothing more to try; ``None`` where there is."""
    found = state.found[-1]
    if found.remedy:
        return Stopped.UNSAFE
    if not found.valid:
        return Stopped.INVALID
    if found.capacity.low >= state.goal.until:
        return Stopped.REACHED
    if not state.candidates:
        return Stopped.EDITS_LEFT if state.edits else Stopped.NOTHING_LEFT
    return Stopped.DRY_RUN if state.goal.dry_run else None
