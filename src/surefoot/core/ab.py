"""Deciding between two from pairs of blocks, at any time, without fooling oneself.

Each pair gives the logarithm of variant / base. Their mean gets an interval that holds at all
times at once, so one may look after every pair and stop as soon as it says enough: the sequential
t-test whose effect size has a normal prior, turned round into an interval (Lai, On confidence
sequences, Annals of Statistics 4, 1976; Wang and Ramdas, Anytime-valid t-tests and confidence
sequences for Gaussian means with unknown variance, 2023). It is exact for independent normal
values at any number of pairs; a Student interval looked at after every pair is wrong in one case
of five instead of one of twenty.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from types import MappingProxyType
from typing import Final

from surefoot.core.proof import Measure, Outcome, Pair, Ratio
from surefoot.core.regression import intercept
from surefoot.core.stats import share_interval, student

__all__ = [
    "LEAST_PAIRS",
    "MARGINS",
    "Judgement",
    "Question",
    "abba",
    "judge",
    "pairs_needed",
    "radius",
]

LEAST_PAIRS: Final = 5
MARGINS: Final[Mapping[Measure, float]] = MappingProxyType(
    {
        Measure.CPU: 0.03,
        Measure.CAPACITY: 0.03,
        Measure.LATENCY: 0.10,
        Measure.ERRORS: 0.001,
        Measure.MEMORY: 0.03,
        Measure.BYTES: 0.03,
    }
)
"""How much has to change to matter: shares, but for errors the difference of two shares."""

# Variance of the prior of (mean / deviation): effects of the size of one pair's own noise.
_PRIOR: Final = 1.0
_MANY: Final = 4096
_STEADIED: Final = frozenset({Measure.CPU, Measure.CAPACITY, Measure.LATENCY})
# Standard errors from which on what went beside the pairs counts as shifted: 4 in 1,000 by chance
# alone at five pairs, fewer later.
_SHIFTED: Final = 6.0
# Cores by which neighbours differ between the blocks of a pair, from which on that is looked at.
# Beside another program's tests it halved what was left of the pairs' scatter; beside a quiet
# machine's 0.01 to 0.04 it tells nothing and costs a degree of freedom.
_RESTLESS: Final = 0.05
_NAMES: Final = {
    Measure.CPU: "CPU per request",
    Measure.CAPACITY: "requests per second",
    Measure.LATENCY: "p95 of response time",
    Measure.ERRORS: "the share of errors",
    Measure.MEMORY: "memory",
    Measure.BYTES: "bytes per answer",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the pairs."""

    on: tuple[Measure, ...] = (Measure.CPU, Measure.CAPACITY)
    """Better is who is better in one of these and worse in none."""
    guards: tuple[Measure, ...] = (Measure.LATENCY, Measure.ERRORS)
    """What must not get worse."""
    margins: Mapping[Measure, float] = field(default_factory=lambda: MARGINS)
    alpha: float = 0.05
    """Chance of an interval of ``on``, or of ``guards``, ever missing the truth."""
    steadied: bool = False
    """Whether what the same work cost another process may take the machine's moods out."""

    def level(self, measure: Measure) -> float:
        """The chance that one measure's own interval may miss it (Bonferroni)."""
        return self.alpha / max(1, len(self.on if measure in self.on else self.guards))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the pairs say by now."""

    outcome: Outcome | None
    """``None`` while more pairs are wanted."""
    decided_on: Measure
    ratios: Mapping[Measure, Ratio]
    why: str
    noise: float
    """Standard deviation of the logarithm of one pair's ratio of ``decided_on``."""
    steadied: bool = False
    """Whether that ratio is read at equal speed of the machine."""


def radius(
    deviation: float, count: int, alpha: float, *, fitted: int = 1, effective: float = 0.0
) -> float:
    """Half the width of the interval of a mean, valid after every one of ``count`` values.

    Args:
        deviation: Their standard deviation around what was fitted.
        count: How many there are by now.
        alpha: Chance that it ever misses the truth.
        fitted: How many figures were fitted to them: the mean, and a slope if there is one.
        effective: How many values a mean alone would need to be known as well; ``count`` if not
            given.

    Returns:
        Infinity while there are too few to say anything.
    """
    freedom = count - fitted
    if freedom < 1:
        return math.inf
    weight = effective or float(count)
    shrunk = 1 / (1 + weight * _PRIOR)
    bar = (math.sqrt(1 + weight * _PRIOR) / alpha) ** (2 / (freedom + 1))
    if bar * shrunk >= 1:
        return math.inf
    squared = (bar - 1) / (1 - bar * shrunk)  # t**2 / freedom at which the bar is met
    return deviation * math.sqrt(freedom * squared / weight)


def pairs_needed(deviation: float, wanted: float, alpha: float = 0.05) -> int:
    """How many pairs of this noise it takes until the interval reaches ``wanted`` to each side."""
    low, high = 2, _MANY
    if radius(deviation, high, alpha) > wanted:
        return high
    while low < high:
        middle = (low + high) // 2
        if radius(deviation, middle, alpha) <= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def abba(seed: int) -> Iterator[bool]:
    """Whether the base goes first, pair after pair: every two pairs are ABBA or BAAB at random."""
    draw = random.Random(seed)  # noqa: S311 - an order, no secret
    while True:
        first = draw.random() < 0.5
        yield first
        yield not first


def judge(
    question: Question, pairs: Sequence[Pair], *, final: bool = False, cut_short: bool = False
) -> Judgement:
    """What may be concluded from these pairs.

    Args:
        question: What was asked.
        pairs: All there are.
        final: Whether no more will come; then there is always an outcome.
        cut_short: Whether somebody who saw the pairs has ended them: what holds at the end of the
            time given does not hold then.
    """
    timely = final and not cut_short
    seen = {
        measure: _Seen.of(question, measure, pairs, at_the_end=timely)
        for measure in (*question.on, *question.guards)
    }
    known = {measure: each for measure, each in seen.items() if each.count}
    outcome, measure, why = _decided(question, known, pairs, final=final)
    if len(pairs) < LEAST_PAIRS:
        outcome = Outcome.INCONCLUSIVE if final else None
        why = f"only {len(pairs)} of at least {LEAST_PAIRS} pairs of blocks were measured"
    noise = known[measure].deviation if measure in known else 0.0
    steady = measure in known and known[measure].steady
    ratios = MappingProxyType({each: value.ratio for each, value in known.items()})
    return Judgement(outcome, measure, ratios, why, noise, steady)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One measure's logarithms of variant / base: positive is worse.

    "The same" is a test at each end of the margin (Schuirmann 1987), undivided by measures, for all
    must be the same (Berger, Multiparameter hypothesis testing and acceptance sampling, 1982). Half
    of its level serves every look, half the one at the end of the time: when that comes does not
    depend on what was measured, so an ordinary interval serves there, and one for all times is half
    as wide again.
    """

    measure: Measure
    margin: float
    count: int
    centre: float = 0.0
    reach: float = math.inf
    inner: float = math.inf
    """Of the interval that has to lie within the margin for "the same"."""
    deviation: float = 0.0
    steady: bool = False

    @classmethod
    def of(
        cls, question: Question, measure: Measure, pairs: Sequence[Pair], *, at_the_end: bool
    ) -> _Seen:
        margin = math.log1p(question.margins.get(measure, MARGINS[measure]))
        logs = [] if measure is Measure.ERRORS else _logs(pairs, measure)
        count = len(logs)
        if count < 2:
            return cls(measure, margin, count, fmean(logs) if logs else 0.0)
        beside = _beside(pairs) if question.steadied and measure in _STEADIED else []
        if count < 3 + len(beside) or any(len(column) != count for column in beside):
            beside = []
        fit = intercept(logs, beside)
        reach, inner = (
            radius(fit.deviation, count, level, fitted=fit.fitted, effective=fit.effective)
            for level in (question.level(measure), question.alpha)
        )
        if at_the_end:
            t = student(1 - question.alpha / 2, count - fit.fitted)
            inner = min(inner, t * fit.deviation / math.sqrt(fit.effective))
        return cls(measure, margin, count, fit.value, reach, inner, fit.deviation, bool(beside))

    @property
    def better(self) -> bool:
        return self.centre + self.reach < 0 and self.centre < -self.margin

    @property
    def worse(self) -> bool:
        return self.centre - self.reach > 0 and self.centre > self.margin

    @property
    def same(self) -> bool:
        return abs(self.centre) + self.inner < self.margin

    @property
    def clear(self) -> bool:
        """Not worse by more than the margin, whatever else."""
        return self.centre + self.reach < self.margin

    @property
    def ratio(self) -> Ratio:
        sign = -1.0 if self.measure.more_is_better else 1.0
        ends = [_exp(sign * (self.centre + way * self.reach)) for way in (-1, 1)]
        return Ratio(_exp(sign * self.centre), min(ends), max(ends))

    def __str__(self) -> str:
        low, high = self.ratio.low, self.ratio.high
        span = f" ({low:.3f} to {high:.3f})" if math.isfinite(high) else ""
        return f"{_NAMES[self.measure]} x {self.ratio.value:.3f}{span}"


def _decided(
    question: Question, seen: Mapping[Measure, _Seen], pairs: Sequence[Pair], *, final: bool
) -> tuple[Outcome | None, Measure, str]:
    failing = _more_errors(question, pairs)
    if failing:
        return Outcome.WORSE, Measure.ERRORS, failing
    asked = [seen[m] for m in question.on if m in seen]
    guards = [seen[m] for m in question.guards if m in seen]
    lost = next((each for each in (*asked, *guards) if each.worse), None)
    if lost is not None:
        return Outcome.WORSE, lost.measure, f"{lost}: worse by more than the margin"
    gained = next((each for each in asked if each.better), None)
    if gained is not None:
        return _gained(gained, [g for g in (*asked, *guards) if not g.clear], final=final)
    return _not_gained(question, asked, final=final)


def _not_gained(
    question: Question, asked: list[_Seen], *, final: bool
) -> tuple[Outcome | None, Measure, str]:
    if not asked:
        outcome = Outcome.INCONCLUSIVE if final else None
        return outcome, question.on[0], f"{_NAMES[question.on[0]]} could not be measured"
    if all(each.same for each in asked):
        return Outcome.NO_DIFFERENCE, asked[0].measure, f"{asked[0]}: within the margin"
    widest = max(asked, key=lambda each: abs(each.centre) + each.reach - each.margin)
    if final:
        return Outcome.INCONCLUSIVE, widest.measure, _undecided(question, widest)
    return None, widest.measure, str(widest)


def _gained(
    gained: _Seen, doubtful: list[_Seen], *, final: bool
) -> tuple[Outcome | None, Measure, str]:
    if doubtful and not final:
        return None, gained.measure, f"{gained}; {doubtful[0]} is not yet clear"
    bad = next((each for each in doubtful if each.centre > each.margin), None)
    if bad is not None:
        return Outcome.INCONCLUSIVE, bad.measure, f"{gained}, but {bad} may have got worse"
    return Outcome.BETTER, gained.measure, f"{gained}: better by more than the margin"


def _undecided(question: Question, seen: _Seen) -> str:
    if not seen.deviation:
        return str(seen)
    needed = pairs_needed(seen.deviation, seen.margin, question.level(seen.measure))
    return (
        f"{seen} after {seen.count} pairs that scatter by {seen.deviation:.1%} each; telling "
        f"{seen.margin:.0%} apart takes about {needed} of them: give it more --seconds, or stop "
        "what else runs on this machine"
    )


def _more_errors(question: Question, pairs: Sequence[Pair]) -> str:
    """Whether the variant fails more often, by the difference of two Wilson intervals.

    Newcombe, Interval estimation for the difference between independent proportions, 1998.
    """
    if Measure.ERRORS not in question.guards:
        return ""
    margin = question.margins.get(Measure.ERRORS, MARGINS[Measure.ERRORS])
    before = [(p.base.errors, p.base.requests) for p in pairs]
    after = [(p.variant.errors, p.variant.requests) for p in pairs]
    # 99.9 %, for it is looked at after every pair.
    low, high = (
        share_interval(sum(e for e, _ in side), sum(n for _, n in side), confidence=0.999)
        for side in (before, after)
    )
    surely = high.value - low.value - math.hypot(high.value - high.low, low.high - low.value)
    if surely <= 0 or high.value - low.value <= margin:
        return ""
    return f"{high.value:.2%} of the requests fail instead of {low.value:.2%}"


def _logs(pairs: Sequence[Pair], measure: Measure) -> list[float]:
    """Logarithms of variant / base; positive is worse."""
    sign = -1.0 if measure.more_is_better else 1.0
    values = [(pair.base.value(measure), pair.variant.value(measure)) for pair in pairs]
    return [sign * math.log(after / before) for before, after in values if before > 0 < after]


def _beside(pairs: Sequence[Pair]) -> list[list[float]]:
    """What went beside each pair and may explain how it differs; chosen without a look at that.

    The mean where all of it is nought is an intercept. Its interval at any time: Lindon, Ham,
    Tingley and Bojinov, Anytime-valid linear models and regression adjusted causal inference in
    randomized experiments, 2022.
    """
    speeds = _speeds(pairs)
    if len(speeds) != len(pairs) or _shifted(speeds):
        return []
    others = [pair.variant.neighbours - pair.base.neighbours for pair in pairs]
    if stdev(others) < _RESTLESS or _shifted(others):
        return [speeds]
    return [speeds, others]


def _shifted(values: Sequence[float]) -> bool:
    """Whether what went beside the pairs has become another with the change.

    Then it is no measure of the machine, and the mean at nought lies outside of what was seen.
    """
    if len(values) < 2:
        return True
    spread = stdev(values)
    return not spread or abs(fmean(values)) > _SHIFTED * spread / math.sqrt(len(values))


def _speeds(pairs: Sequence[Pair]) -> list[float]:
    """Logarithms of what the same work cost the gauge, variant / base; none if that is not known.

    The gauge has nothing to do with either, so what differs is the machine: a neighbour on the
    other half of the core, where the scheduler put whom. What their own load costs the generator
    follows the machine closer still, and is no substitute: a tenth less CPU made it cheaper by
    4 %, and the tenth was read as 7 %.
    """
    costs = [(pair.base.gauge, pair.variant.gauge) for pair in pairs]
    return [math.log(after / before) for before, after in costs if before > 0 < after]


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf
