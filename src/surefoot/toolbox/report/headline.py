"""The first screen of the page: what the application can take, what limits it, what to try."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from surefoot.core.records import Capacity, Diagnosis, RatePoint, Slo
from surefoot.toolbox.measure.run import Measurement
from surefoot.toolbox.measure.safety import remedy
from surefoot.toolbox.report import quantity, wording

__all__ = ["Headline", "Tile", "headline", "promise"]


_WORTH: Final = "3\N{NO-BREAK SPACE}%"  # gains below it are not proposed


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the three answers."""

    title: str
    big: str
    unit: str
    """Beside ``big``, smaller."""
    small: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """Everything above the first picture."""

    target: str
    sentence: str
    tiles: tuple[Tile, ...]
    banners: tuple[tuple[str, str], ...]
    """What speaks against believing the figures: a word and a sentence each."""


def headline(measurement: Measurement) -> Headline:
    """The answers in words."""
    diagnosis = measurement.diagnosis
    return Headline(
        target=measurement.evidence.target,
        sentence=_sentence(measurement),
        tiles=(_capacity(diagnosis), _bottleneck(diagnosis), _first(diagnosis)),
        banners=tuple(_banners(measurement)),
    )


def promise(slo: Slo) -> str:
    """The SLO in words: what has to hold for a rate to count as served."""
    return (
        f"{quantity.of_answers(slo.quantile)} within {quantity.latency(slo.latency)}, "
        f"at most {quantity.share(slo.errors)} errors"
    )


def _banners(measurement: Measurement) -> list[tuple[str, str]]:
    diagnosis = measurement.diagnosis
    found = []
    if not diagnosis.valid:
        why = diagnosis.why_invalid or "the reason was not recorded"
        found.append(("Invalid run", f"Do not use these figures: {why}."))
    evidence = measurement.evidence
    if evidence.together is not None and not evidence.together.safe:
        told = str(evidence.together)
        advice = remedy(evidence.interface)
        found.append(("Wrong answers", f"{told[:1].upper()}{told[1:]}. Do: {advice}."))
    loose = _loosely(measurement)
    if loose is not None and diagnosis.capacity.rps:
        name = quantity.quantile_name(diagnosis.slo.quantile)
        told = (
            f"Too few requests fitted into the time to judge {name} at "
            f"{quantity.per_second(loose.rate)}; p99 was {quantity.latency(loose.p99)} there. "
            "Measure again with more --seconds to be sure."
        )
        found.append((f"Judged by {quantity.quantile_name(loose.judged)}", told))
    if measurement.interrupted:
        found.append(("Interrupted", "This is what was measured until it was stopped."))
    return found


def _deciding(measurement: Measurement) -> RatePoint | None:
    """The highest rate that met the SLO: the capacity rests on it."""
    met = [p for p in measurement.evidence.points if p.verdict == "pass" and not p.beyond]
    return max(met, key=lambda point: point.rate, default=None)


def _loosely(measurement: Measurement) -> RatePoint | None:
    """The deciding point, if its requests were too few for the SLO's own quantile."""
    point = _deciding(measurement)
    if point is None or point.judged >= measurement.diagnosis.slo.quantile:
        return None
    return point


def _sentence(measurement: Measurement) -> str:
    diagnosis = measurement.diagnosis
    keeps = promise(diagnosis.slo)
    rate = diagnosis.capacity.rps
    if rate > 0:
        said = (
            f"It serves {_requests(rate)} a second ({_interval(diagnosis.capacity)}) and keeps "
            f"its promise{_as_far_as(_loosely(measurement))}: {keeps}."
        )
    else:
        said = f"No rate that was tried keeps the promise: {keeps}."
    if diagnosis.bottleneck is None:
        return said + " What limits it could not be told."
    limit = wording.called(diagnosis.bottleneck)
    return f"{said} What limits it is {limit}. {wording.explained(diagnosis.bottleneck)}"


def _as_far_as(loose: RatePoint | None) -> str:
    return f", as far as {quantity.quantile_name(loose.judged)} can tell" if loose else ""


def _capacity(diagnosis: Diagnosis) -> Tile:
    capacity = diagnosis.capacity
    return Tile(
        title="Capacity",
        big=_rate(capacity.rps),
        unit="requests/s",
        small=_interval(capacity),
        more=f"keeping to {diagnosis.slo}".replace("<=", "\N{LESS-THAN OR EQUAL TO}"),
    )


def _interval(capacity: Capacity) -> str:
    if not capacity.rps:
        return f"even {_rate(capacity.high)}/s was too much" if capacity.high else "nothing passed"
    if capacity.high <= capacity.low:
        return f"at least: nothing above {_rate(capacity.low)}/s was tried"
    return f"the limit lies between {_rate(capacity.low)} and {_rate(capacity.high)}"


def _bottleneck(diagnosis: Diagnosis) -> Tile:
    named = diagnosis.bottleneck
    if named is None:
        return Tile("Limited by", "Unknown", "", "nothing measured reaches its limit first")
    sure = (
        f"{wording.confidence(diagnosis.confidence)}: first in "
        f"{quantity.share(diagnosis.confidence)} of 1,000 resamples of this run"
    )
    also = ", ".join(map(str, diagnosis.also))
    return Tile(
        title="Limited by",
        big=str(named),
        unit="",
        small=_capital(wording.called(named)),
        more=sure + (f"; cannot be told from {also}" if also else ""),
    )


def _first(diagnosis: Diagnosis) -> Tile:
    if not diagnosis.changes:
        return Tile("Try first", "Nothing", "", f"no change known here promises {_WORTH} or more")
    best = diagnosis.changes[0]
    return Tile(
        title="Try first",
        big=f"\N{MULTIPLICATION SIGN}{quantity.times(best.predicted_gain)}",
        unit="predicted",
        small=f"{best.lever} at {best.where}",
        more=f"relieves {best.relieves}; {_others(len(diagnosis.changes) - 1)}",
    )


def _others(count: int) -> str:
    if not count:
        return f"nothing else promises {_WORTH}"
    return "one other change below" if count == 1 else f"{count} other changes below"


def _requests(rate: float) -> str:
    return f"{_rate(rate)} request" if _rate(rate) == "1" else f"{_rate(rate)} requests"


def _rate(rate: float) -> str:
    if not math.isfinite(rate):
        return "unlimited"
    return f"{rate:,.0f}" if rate >= 100 or rate == 0 else f"{rate:.3g}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
