"""A proof as a page shows it: the verdict in words, its ratios, its picture, the answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from surefoot.core.ab import Question
from surefoot.core.measures import Measure
from surefoot.core.proof import Alike, Difference, Outcome, Ratio, Verdict
from surefoot.toolbox.report import quantity
from surefoot.toolbox.report.pairs_plot import pairs_plot

__all__ = ["MEASURES", "OUTCOMES", "ProofView", "RatioRow", "proof_view", "ratio_text"]

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.BETTER: "Better",
    Outcome.WORSE: "Worse",
    Outcome.NO_DIFFERENCE: "No difference",
    Outcome.INCONCLUSIVE: "Inconclusive",
    Outcome.WRONG_ANSWERS: "Wrong answers",
}
MEASURES: Final[Mapping[Measure, str]] = {
    Measure.CPU: "CPU per request",
    Measure.CAPACITY: "requests per second",
    Measure.LATENCY: "p95 of response time",
    Measure.ERRORS: "share of errors",
    Measure.MEMORY: "memory",
    Measure.BYTES: "bytes per answer",
}
_STEADIED: Final = (
    "ratios are read at equal speed of the machine, by what the same work cost another process: "
    "the interval may lie beside the middle of the dots"
)


@dataclass(frozen=True, slots=True)
class RatioRow:
    """One measure of the two."""

    name: str
    ratio: str
    interval: str
    better: str
    """``"below 1"`` or ``"above 1"``."""
    decided: bool


@dataclass(frozen=True, slots=True)
class ProofView:
    """Everything the page says of one verdict."""

    outcome: str
    word: str
    why: str
    decided_on: str
    rows: tuple[RatioRow, ...]
    picture: Mapping[str, str]
    """In three sizes; empty where there were no pairs."""
    answers: str
    everybody: tuple[str, ...]
    """One sentence for each route that is for everybody from now on."""
    examples: tuple[Difference, ...]
    findings: tuple[tuple[str, str], ...]
    """A place and what is there."""
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def proof_view(verdict: Verdict, question: Question) -> ProofView:
    """Put a verdict into words and pictures."""
    name = MEASURES[verdict.decided_on]
    label = f"{name}, variant / base, of {len(verdict.pairs)} pairs: {verdict.why}"
    asked = replace(question, steadied=verdict.steadied)
    steadied = (_STEADIED,) if verdict.steadied and verdict.pairs else ()
    return ProofView(
        outcome=verdict.outcome.value,
        word=OUTCOMES[verdict.outcome],
        why=verdict.why,
        decided_on=name,
        rows=tuple(_row(m, ratio, verdict) for m, ratio in verdict.ratios.items()),
        picture=pairs_plot(verdict.pairs, verdict.decided_on, asked, label),
        answers=_answers(verdict),
        everybody=tuple(_alike(each) for each in verdict.everybody),
        examples=verdict.answers.examples,
        findings=tuple((f"{f.file}:{f.line}" if f.file else "", f.text) for f in verdict.findings),
        facts=_facts(verdict),
        notes=(*verdict.notes, *steadied, *verdict.answers.notes),
    )


def ratio_text(ratio: Ratio) -> str:
    """``"1.42 (1.37 to 1.48)"``."""
    if not math.isfinite(ratio.high):
        return f"{ratio.value:.3g}"
    return f"{ratio.value:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"


def _row(measure: Measure, ratio: Ratio, verdict: Verdict) -> RatioRow:
    known = math.isfinite(ratio.high) and ratio.high < 100
    return RatioRow(
        name=MEASURES[measure],
        ratio=f"{ratio.value:.3f}" if math.isfinite(ratio.value) else "not known",
        interval=f"{ratio.low:.3f} to {ratio.high:.3f}" if known else "not known yet",
        better="above 1" if measure.more_is_better else "below 1",
        decided=measure is verdict.decided_on,
    )


def _answers(verdict: Verdict) -> str:
    found = verdict.answers
    if not found.compared:
        return "No answers were compared."
    if not found.differing:
        return f"{found.compared:,} answers were compared, and all were the same."
    return f"{found.differing:,} of {found.compared:,} answers that were compared differ."


def _alike(alike: Alike) -> str:
    found, asked = alike.answers, f"asked for as nobody and as {alike.users} users"
    if found.differing:
        told = f"{found.differing:,} of {found.compared:,} answers to users differ"
    else:
        told = f"{found.compared:,} answers to users were compared, and all were what nobody got"
    return f"{alike.route} was {asked}: {told}."


def _facts(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    sides = [side for pair in verdict.pairs for side in (pair.base, pair.variant)]
    others = sum(side.neighbours for side in sides) / len(sides) if sides else 0.0
    found = (
        ("Pairs of blocks", f"{len(verdict.pairs)}" if sides else ""),
        ("Requests", f"{sum(side.completed for side in sides):,}" if sides else ""),
        ("Noise of one pair", quantity.share(verdict.noise) if verdict.noise else ""),
        ("Other programs", f"{others:.2f} cores on average" if sides else ""),
        ("Proven in", f"{verdict.seconds:.0f} s"),
    )
    return tuple((name, value) for name, value in found if value)
