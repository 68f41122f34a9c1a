"""Where several processes answer a script otherwise than one does. Pure.

One process is asked twice, in two lives: what differs between those varies by itself, in that place
of that request, and is not held against the others. A number that moves by the same steps in both
lives, as a count of rows that each life adds to, must move by those steps in the third as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from surefoot.core.proof import Difference
from surefoot.toolbox.state.walk import Answered

__all__ = ["differences"]

_TOKEN: Final = re.compile(rb"[\w.+-]+|\s+|[^\w\s]")
_WHOLE: Final = re.compile(rb"\d{1,15}")
_AROUND: Final = 60
_SECRET: Final = re.compile(r"[\w./+=-]{20,}")


@dataclass(frozen=True, slots=True)
class _Triple:
    """One step, as the three answered it."""

    step: int
    base: Answered
    again: Answered
    several: Answered

    @property
    def comparable(self) -> bool:
        """Whether one process answers it, and with the same status in both lives."""
        return not (self.base.error or self.again.error) and self.base.status == self.again.status

    @property
    def tokens(self) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """The words of the three bodies."""
        bodies = (self.base.body, self.again.body, self.several.body)
        base, again, several = (_TOKEN.findall(body) for body in bodies)
        return base, again, several


@dataclass(slots=True)
class _Varying:
    """What varies by itself in the answers to one request."""

    places: set[int] = field(default_factory=set)
    """Words of its body."""
    whole: bool = False
    """Whether even their number does."""


def differences(
    base: Sequence[Answered], again: Sequence[Answered], several: Sequence[Answered]
) -> dict[int, Difference]:
    """What differs, by step; at most one difference for each.

    Args:
        base: What one process answered.
        again: The same process in another life.
        several: What several processes answered.
    """
    triples = [
        _Triple(step, *three) for step, three in enumerate(zip(base, again, several, strict=False))
    ]
    named: dict[str, list[_Triple]] = {}
    for triple in triples:
        if triple.comparable:
            named.setdefault(triple.base.name, []).append(triple)
    found: dict[int, Difference] = {}
    for same in named.values():
        varying = _varying(same)
        for triple in same:
            difference = _difference(triple, varying)
            if difference is not None:
                found[triple.step] = difference
        for triple, place in _moved_otherwise(same, varying):
            found.setdefault(triple.step, _in_body(triple, place))
    return found


def _varying(same: Sequence[_Triple]) -> _Varying:
    varying = _Varying()
    for triple in same:
        if triple.base.body == triple.again.body:
            continue
        left, right, _ = triple.tokens
        if len(left) != len(right):
            varying.whole = True
        pairs = enumerate(zip(left, right, strict=False))
        varying.places.update(index for index, (a, b) in pairs if a != b)
    return varying


def _difference(triple: _Triple, varying: _Varying) -> Difference | None:
    one, many = triple.base, triple.several
    if many.status != one.status:
        after = many.error or str(many.status)
        return Difference(one.sent or one.name, "status", "", str(one.status), after)
    before, after = _location(one), _location(many)
    if before == _location(triple.again) and before != after:
        return Difference(one.sent, "header location", "", _shown(before), _shown(after))
    place = _first_difference(triple, varying)
    return None if place is None else _in_body(triple, place)


def _location(answer: Answered) -> str:
    found = next((value for name, value in answer.headers if name == "location"), "")
    return found.partition("?")[0]


def _first_difference(triple: _Triple, varying: _Varying) -> int | None:
    """The first word that differs, of those that do not vary; ``None`` where there is none."""
    if triple.base.body == triple.several.body or varying.whole:
        return None
    left, _, right = triple.tokens
    if len(left) != len(right) and varying.places:
        return None
    pairs = enumerate(zip(left, right, strict=False))
    found = next((i for i, (a, b) in pairs if a != b and i not in varying.places), None)
    if found is None and len(left) != len(right):
        return min(len(left), len(right))
    return found


def _moved_otherwise(same: Sequence[_Triple], varying: _Varying) -> Iterator[tuple[_Triple, int]]:
    """Steps at which a number that varies has not moved as it does with one process."""
    tokens = [triple.tokens for triple in same]
    lengths = {len(words) for three in tokens for words in three}
    if varying.whole or len(lengths) != 1:
        return
    for place in sorted(varying.places):
        series = [_moves([three[which][place] for three in tokens]) for which in range(3)]
        base, again, several = series
        if base is None or base != again or several is None or not any(base):
            continue
        for triple, expected, moved in zip(same, base, several, strict=True):
            if moved != expected:
                yield triple, place


def _moves(words: Sequence[bytes]) -> list[int] | None:
    """How far each lies from the first; ``None`` where they are no whole numbers."""
    if not all(_WHOLE.fullmatch(word) for word in words):
        return None
    return [int(word) - int(words[0]) for word in words]


def _in_body(triple: _Triple, place: int) -> Difference:
    left, _, right = triple.tokens
    return Difference(triple.base.sent, "body", "", _cut(left, place), _cut(right, place))


def _cut(words: Sequence[bytes], place: int) -> str:
    start = sum(map(len, words[:place]))
    text = b"".join(words)[max(0, start - _AROUND) : start + _AROUND].decode("utf-8", "replace")
    return _shown(" ".join(text.split()))


def _shown(text: str) -> str:
    """Without what may be a secret."""
    return _SECRET.sub("(...)", text)
