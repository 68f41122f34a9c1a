"""What a proof of a change is made of: blocks in pairs, ratios with intervals, a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from surefoot.core.measures import Measure
from surefoot.core.records import Finding

__all__ = [
    "Alike",
    "Answers",
    "Difference",
    "Measure",
    "Outcome",
    "Pair",
    "Ratio",
    "Side",
    "Verdict",
    "document",
]


class Outcome(StrEnum):
    """What a proof says of a change; only ``BETTER`` is kept."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no-difference"
    INCONCLUSIVE = "inconclusive"
    WRONG_ANSWERS = "wrong-answers"


@dataclass(frozen=True, slots=True)
class Ratio:
    """Variant / base, with an interval that holds whenever one looks at it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Side:
    """One block of load on one of the two."""

    requests: int
    """Sent in it."""
    completed: int
    """Those that were answered, with whatever status."""
    rate: float
    """Answers per second while it was sent."""
    errors: int
    """Requests that failed."""
    cpu: float
    """CPU seconds of the stack and its database."""
    p95: float
    """Seconds."""
    neighbours: float
    """Cores that everybody else on the host kept busy."""
    memory: int = 0
    """Bytes at the end of the block; 0 where it was not looked at."""
    received: int = 0
    """Bytes of all answers; 0 where they were not counted."""
    gauge: float = 0.0
    """CPU seconds that a piece of the same work cost a process beside them; 0 where not known."""

    def value(self, measure: Measure) -> float:
        """This block's figure; 0 where it has none."""
        completed = max(1, self.completed)
        if measure is Measure.CPU:
            return self.cpu / completed
        if measure is Measure.CAPACITY:
            return self.rate
        if measure is Measure.LATENCY:
            return self.p95
        if measure is Measure.ERRORS:
            return self.errors / max(1, self.requests)
        return self.memory if measure is Measure.MEMORY else self.received / completed


@dataclass(frozen=True, slots=True)
class Pair:
    """A block on the base and one on the variant, one right after the other."""

    base: Side
    variant: Side
    base_first: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Two answers to one request that should be the same and are not."""

    request: str
    """``"GET /books/7"``, as it was sent."""
    what: str
    """``"status"``, ``"header NAME"``, ``"body"``, or ``"behaviour"`` of what varies by itself."""
    where: str
    """A JSON pointer, a line of the text; empty for the whole."""
    base: str
    """What the base answered there, shortened."""
    variant: str
    sides: tuple[str, str] = ("base", "variant")
    """Whose answers these two are."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How far the two gave the same answers."""

    compared: int = 0
    differing: int = 0
    examples: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be compared, and why."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Whether answers of a route are the same for nobody and for several users."""

    route: str
    users: int
    """Who were logged in, as somebody else each."""
    answers: Answers
    """Those of the users, each compared with the one that nobody in particular got."""
    unclear: str = ""
    """Why that could not be seen; empty where it could."""

    @property
    def proven(self) -> bool:
        """Whether all were the same."""
        return bool(self.answers.compared) and not self.answers.differing and not self.unclear


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one change, and on what grounds."""

    outcome: Outcome
    decided_on: Measure
    why: str
    """One sentence."""
    ratios: Mapping[Measure, Ratio] = field(default_factory=lambda: MappingProxyType({}))
    pairs: tuple[Pair, ...] = ()
    answers: Answers = field(default_factory=Answers)
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()
    """Lines of the application that the outcome points at, shared state above all."""
    notes: tuple[str, ...] = ()
    noise: float = 0.0
    """Standard deviation of one pair's ratio of what it was decided on, as a share."""
    steadied: bool = False
    """Whether the ratios are read at equal speed of the machine."""
    everybody: tuple[Alike, ...] = ()
    """Routes whose answers the variant is to give to everybody, as far as that is new."""

    @property
    def gain(self) -> float:
        """The proven factor, above 1 for the better; 1 where nothing was measured."""
        ratio = self.ratios.get(self.decided_on)
        if ratio is None or not ratio.value:
            return 1.0
        return ratio.value if self.decided_on.more_is_better else 1 / ratio.value


def document(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON holds it; ``pairs`` is how many there were, ``blocks`` each of them."""
    ratios = {f"{measure}_ratio": _ratio(ratio) for measure, ratio in verdict.ratios.items()}
    return {
        "verdict": verdict.outcome.value,
        "decided_on": verdict.decided_on.value,
        "why": verdict.why,
        **ratios,
        "pairs": len(verdict.pairs),
        "answers": {
            "compared": verdict.answers.compared,
            "differing": verdict.answers.differing,
            "examples": [
                {**_plain(example), "sides": list(example.sides)}
                for example in verdict.answers.examples
            ],
            "notes": list(verdict.answers.notes),
        },
        "everybody": [
            {
                "route": each.route,
                "users": each.users,
                "compared": each.answers.compared,
                "differing": each.answers.differing,
            }
            for each in verdict.everybody
        ],
        "seconds": verdict.seconds,
        "noise": verdict.noise,
        "steadied": verdict.steadied,
        "findings": [_plain(finding) for finding in verdict.findings],
        "notes": list(verdict.notes),
        "blocks": [
            {
                "base": _plain(pair.base),
                "variant": _plain(pair.variant),
                "base_first": pair.base_first,
            }
            for pair in verdict.pairs
        ],
    }


def _ratio(ratio: Ratio) -> dict[str, float]:
    return {"value": ratio.value, "low": ratio.low, "high": ratio.high}


def _plain(value: Side | Difference | Finding) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__slots__}
