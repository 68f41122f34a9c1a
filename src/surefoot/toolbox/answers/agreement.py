"""Compares answers that came under load, where only the sets of them can be compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from surefoot.core.proof import Answers, Difference
from surefoot.toolbox.answers.examples import Examples, difference
from surefoot.toolbox.answers.spot import Spot
from surefoot.toolbox.answers.variation import Variation, content
from surefoot.toolbox.load.observation import Answered, Digested, Observed

__all__ = ["Agreement", "agree"]

_LOOKED: Final = 300
"""Differing answers of one route whose places are looked at; more are only counted."""
_SHOWN: Final = 3
_ROOM: Final = 32_000_000
"""Bytes of bodies of earlier blocks that are kept."""
_NOT_KEPT: Final = "(not kept)"


def agree(
    variation: Variation,
    base: Sequence[Observed],
    variant: Sequence[Observed],
    names: Collection[str] | None = None,
) -> Answers:
    """Compare blocks of load; see ``Agreement``."""
    agreement = Agreement(variation, names)
    for one, other in zip(base, variant, strict=True):
        agreement.add(one, other)
    return agreement.answers()


@dataclass(frozen=True, slots=True)
class _Suspect:
    """Answers that only the variant gave to one request."""

    key: int
    digest: bytes
    name: str
    count: int
    places: frozenset[Hashable] | None
    """Where they differ; ``None`` where that was not looked at."""
    shown: tuple[tuple[Hashable, Difference], ...] = ()


@dataclass(slots=True)
class Agreement:
    """Whether the variant gave answers under load that the base gave to no such request.

    Pairs of blocks are added one by one, so that their bodies need not be kept. The two of a pair
    run with one seed, and so ask the same; two pairs of one seed also show what the base answers
    differently from time to time, which is then not held against the variant.
    """

    variation: Variation
    """The judge that the runs observed with."""
    names: Collection[str] | None = None
    """Requests to compare: those whose answers nothing written under load can change; or all."""
    _base: dict[int, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    _samples: dict[bytes, Answered] = field(default_factory=dict)
    _room: int = _ROOM
    _unstable: dict[str, set[Hashable]] = field(default_factory=lambda: defaultdict(set))
    _suspects: list[_Suspect] = field(default_factory=list)
    _looked: Counter[str] = field(default_factory=Counter)
    _compared: int = 0
    _over: int = 0
    _packed: int = 0

    def add(self, base: Observed, variant: Observed) -> None:
        """Take in a pair of blocks."""
        self._over += base.over + variant.over
        self._packed += base.packed + variant.packed
        for key, digested in self._wanted(base):
            self._learn(key, digested, base)
        for key, digested in self._wanted(variant):
            if key in self._base:
                self._check(key, digested, base, variant)

    def answers(self) -> Answers:
        """What was found so far."""
        left = [each for each in self._suspects if each.digest not in self._base[each.key]]
        guilty = [s for s in left if s.places is not None and not self._is_own(s)]
        names = {suspect.name for suspect in guilty}
        guilty += [s for s in left if s.places is None and s.name in names]
        examples = Examples()
        for suspect in guilty:
            for group, example in suspect.shown:
                examples.add(group, example)
        differing = sum(suspect.count for suspect in guilty)
        own = sum(suspect.count for suspect in left) - differing
        return Answers(self._compared, differing, examples.chosen(), tuple(self._notes(own)))

    def _is_own(self, suspect: _Suspect) -> bool:
        """Whether the base differs from itself there."""
        return bool(suspect.places) and suspect.places <= self._unstable[suspect.name]  # type: ignore[operator]  # looked at

    def _wanted(self, observed: Observed) -> Iterator[tuple[int, Digested]]:
        for key, digested in observed.digests.items():
            if self.names is None or digested.name in self.names:
                yield key, digested

    def _learn(self, key: int, digested: Digested, observed: Observed) -> None:
        known = self._base[key]
        for digest in digested.counts.keys() - known:
            before = self._sample(known, observed)
            here = observed.samples.get(digest)
            if before is not None and here is not None:
                spots = self._spots(digested.name, before, here)
                self._unstable[digested.name].update(map(_place, spots))
            known.add(digest)
            if here is not None and self._room > len(here.body):
                self._room -= len(here.body)
                self._samples.setdefault(digest, here)

    def _sample(self, digests: Iterable[bytes], observed: Observed) -> Answered | None:
        """An answer with one of these digests."""
        for digest in digests:
            found = observed.samples.get(digest) or self._samples.get(digest)
            if found is not None:
                return found
        return None

    def _check(self, key: int, digested: Digested, base: Observed, variant: Observed) -> None:
        self._compared += sum(digested.counts.values())
        known = self._base[key]
        for digest, count in digested.counts.items():
            if digest not in known:
                one, other = self._sample(known, base), variant.samples.get(digest)
                self._suspects.append(self._suspect(key, digest, digested, count, one, other))

    def _suspect(
        self,
        key: int,
        digest: bytes,
        digested: Digested,
        count: int,
        one: Answered | None,
        other: Answered | None,
    ) -> _Suspect:
        name = digested.name
        self._looked[name] += 1
        if self._looked[name] > _LOOKED:
            return _Suspect(key, digest, name, count, None)
        if one is None or other is None:
            unseen = Difference(digested.request, "body", "", _NOT_KEPT, _NOT_KEPT)
            return _Suspect(key, digest, name, count, frozenset(), ((name, unseen),))
        spots = list(self._spots(name, one, other))
        shown = tuple(
            ((name, _place(spot)), difference(digested.request, spot)) for spot in spots[:_SHOWN]
        )
        return _Suspect(key, digest, name, count, frozenset(map(_place, spots)), shown)

    def _spots(self, name: str, one: Answered, other: Answered) -> Iterator[Spot]:
        return self.variation.shape(name).differences(content(one), content(other))

    def _notes(self, own: int) -> Iterator[str]:
        if own:
            yield f"{own} answers differ only where the base differs from itself under load"
        if self._over:
            yield f"{self._over} answers were too many to keep, and were not compared"
        if self._packed:
            yield f"{self._packed} answers are packed in a way not known here: not compared"


def _place(spot: Spot) -> Hashable:
    return spot.what, spot.place if spot.place is not None else spot.where
