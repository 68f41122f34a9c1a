"""Tells a counter that only started elsewhere from one that counts wrongly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from surefoot.toolbox.answers.examples import Finding
from surefoot.toolbox.answers.spot import Spot
from surefoot.toolbox.answers.variation import Pairs

__all__ = ["out_of_step"]

_FEW: Final = 5


def out_of_step(findings: Sequence[Finding], pairs: Pairs) -> tuple[list[Finding], list[str]]:
    """The findings without those of counters that are ahead or behind by the same number always.

    A stack that was asked once more while it started counts from one further on. A counter is a
    number that rises in each answer; the notes name those that were found.

    Args:
        findings: What differs, in the order of the requests.
        pairs: All answers that were compared.
    """
    answers: dict[str, int] = defaultdict(int)
    for one, _ in pairs:
        answers[one.name] += 1
    by_place: dict[tuple[str, Any], list[tuple[int, int] | None]] = defaultdict(list)
    for finding in findings:
        for spot in finding.spots:
            if spot.what == "body" and spot.place is not None:
                by_place[finding.base.name, spot.place].append(_numbers(spot))
    ahead = {
        key: shift
        for key, found in by_place.items()
        if len(found) == answers[key[0]] >= _FEW and (shift := _shift(found)) is not None
    }
    notes = [
        f"{name}: a counter that is always {abs(shift)} {'ahead' if shift > 0 else 'behind'}"
        for (name, _), shift in ahead.items()
    ]
    kept = []
    for finding in findings:
        spots = tuple(s for s in finding.spots if (finding.base.name, s.place) not in ahead)
        if spots:
            kept.append(replace(finding, spots=spots))
    return kept, notes


def _numbers(spot: Spot) -> tuple[int, int] | None:
    try:
        return int(spot.base), int(spot.variant)
    except ValueError:
        return None


def _shift(found: Sequence[tuple[int, int] | None]) -> int | None:
    numbers = [pair for pair in found if pair is not None]
    shifts = {other - one for one, other in numbers}
    rising = all(before[0] < after[0] for before, after in pairwise(numbers))
    return shifts.pop() if len(numbers) == len(found) and len(shifts) == 1 and rising else None
