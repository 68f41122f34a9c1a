"""Where several processes answer a script otherwise than one does. Pure.

One process is asked twice, in two lives: what differs between those varies by itself, and is not
held against the others. A number that moves by the same steps in both lives, as a count of rows
that each life adds to, must move by those steps with several processes as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
        for step, three in same:
            spot = _spot(variation, three)
            if spot is not None:
                found[step] = difference(three[0].request, spot)
        for step, spot in _moved_otherwise(variation, same):
            found.setdefault(step, difference(same[0][1][0].request, spot))
    return dict(sorted(found.items()))


def _spot(variation: Variation, three: _Triple) -> Spot | None:
    base, again, several = three
    if base.status != again.status:
        return None
    if several.status < 200:
        return Spot("status", "", str(base.status), several.error or "no answer")
    if several.packed:
        return None
    spots = variation.shape(base.name).differences(content(base), content(several))
    # What varies by itself varies by process too, as a process id does: that is no state.
    return next((spot for spot in spots if spot.what != "behaviour"), None)


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
