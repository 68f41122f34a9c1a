"""Where several processes answer a script otherwise than one does. Pure.

One process is asked twice, in two lives: what differs between those varies by itself, and is not
held against the others. A number that moves by the same steps in both lives, as a count of rows
that each life adds to, must move by those steps with several processes as well.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from surefoot.core.proof import Difference
from surefoot.toolbox.answers import Variation, learn
from surefoot.toolbox.answers.examples import difference
from surefoot.toolbox.answers.shape import Place
from surefoot.toolbox.answers.spot import Spot
from surefoot.toolbox.answers.variation import content
from surefoot.toolbox.load.observation import Answered

__all__ = ["differences"]

_DIGITS: Final = 15
_Triple = tuple[Answered, Answered, Answered]


def differences(
    base: Sequence[Answered], again: Sequence[Answered], several: Sequence[Answered]
) -> dict[int, Difference]:
    """What differs, by step; at most one difference for each.

    Args:
        base: What one process answered, in the order of the steps.
        again: The same process in another life.
        several: What several processes answered.
    """
    variation = learn(base, again)
    named: dict[str, list[tuple[int, _Triple]]] = {}
    for step, three in enumerate(zip(base, again, several, strict=False)):
        if all(each.status >= 200 and not each.packed for each in three[:2]):
            named.setdefault(three[0].name, []).append((step, three))
    found: dict[int, Difference] = {}
    for same in named.values():
        spots = {step: _spots(variation, three) for step, three in same}
        ahead = _ahead(list(spots.values()))
        for step, three in same:
            spot = next((each for each in spots[step] if each.place not in ahead), None)
            if spot is not None:
                found[step] = difference(three[0].request, spot)
        for step, spot in _moved_otherwise(variation, same):
            found.setdefault(step, difference(same[0][1][0].request, spot))
    return dict(sorted(found.items()))


def _spots(variation: Variation, three: _Triple) -> list[Spot]:
    base, again, several = three
    if base.status != again.status or several.packed:
        return []
    if several.status < 200:
        return [Spot("status", "", str(base.status), several.error or "no answer")]
    spots = variation.shape(base.name).differences(content(base), content(several))
    # What varies by itself varies by process too, as a process id does: that is no state.
    return [spot for spot in spots if spot.what != "behaviour"]


def _ahead(answers: Sequence[Sequence[Spot]]) -> set[Hashable]:
    """Places of counts that rise with each answer and are ahead by the same number each time.

    Each replica is asked for a page until it answers, so several of them are asked more often. A
    count that they share goes on from there; one that each keeps for itself falls behind.
    """
    pairs: dict[Hashable, list[tuple[int, int]]] = {}
    for spot in (spot for spots in answers for spot in spots):
        if spot.place is not None and _moves([spot.base, spot.variant]):
            pairs.setdefault(spot.place, []).append((int(spot.base), int(spot.variant)))
    return {
        place
        for place, numbers in pairs.items()
        if len(numbers) == len(answers) > 1
        and len({many - one for one, many in numbers}) == 1
        and numbers[0][1] > numbers[0][0]
        and all(before[0] < after[0] for before, after in pairwise(numbers))
    }


def _moved_otherwise(
    variation: Variation, same: Sequence[tuple[int, _Triple]]
) -> Iterator[tuple[int, Spot]]:
    """Steps at which a number that varies has not moved as it does with one process."""
    values = [tuple(_values(variation, each) for each in three) for _, three in same]
    for place in values[0][0]:
        words = [[each[side].get(place, "") for each in values] for side in range(3)]
        base, again, several = map(_moves, words)
        if not base or base != again or not several or not any(base):
            continue
        for index, (step, _) in enumerate(same):
            if base[index] != several[index]:
                where = place.words if place.kind == "json" else ""
                yield step, Spot("body", where, f"{base[index]:+d}", f"{several[index]:+d}")


def _values(variation: Variation, answered: Answered) -> dict[Place, str]:
    """What varies in one answer, each place once."""
    found: dict[Place, str] = {}
    for place, value in variation.shape(answered.name).values(content(answered)):
        found.setdefault(place, value)
    return found


def _moves(words: Sequence[str]) -> list[int]:
    """How far each lies from the first; empty where they are no whole numbers."""
    if not all(word.isascii() and word.isdigit() and len(word) <= _DIGITS for word in words):
        return []
    return [int(word) - int(words[0]) for word in words]
