"""A few differences that show as much as possible of what was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Final

from surefoot.core.proof import Difference
from surefoot.toolbox.answers.excerpt import excerpts, without_secrets
from surefoot.toolbox.answers.spot import Spot
from surefoot.toolbox.load.observation import Answered

__all__ = ["Examples", "Finding", "difference"]

_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """Two answers to one request, and where they differ."""

    base: Answered
    variant: Answered
    spots: tuple[Spot, ...]


@dataclass(slots=True)
class Examples:
    """Differences by what they have in common."""

    _groups: dict[Hashable, list[Difference]] = field(default_factory=lambda: defaultdict(list))

    def found(self, finding: Finding) -> None:
        """Take up what was found between two answers."""
        for spot in finding.spots:
            key = (finding.base.name, spot.what, spot.place or spot.where)
            self.add(key, difference(finding.base.request, spot))

    def add(self, group: Hashable, example: Difference) -> None:
        """Take up one."""
        known = self._groups[group]
        if len(known) < _MOST and example not in known:
            known.append(example)

    def chosen(self) -> tuple[Difference, ...]:
        """At most ten, one of each kind before a second of any."""
        rounds = zip_longest(*self._groups.values())
        return tuple(each for each in chain.from_iterable(rounds) if each is not None)[:_MOST]


def difference(request: str, spot: Spot) -> Difference:
    """A spot as it is shown."""
    base, variant = excerpts(spot.base, spot.variant, f"{spot.what} {spot.where}")
    return Difference(without_secrets(request), spot.what, spot.where, base, variant)
