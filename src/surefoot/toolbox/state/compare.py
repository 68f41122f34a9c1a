"""Where several processes answer a script otherwise than one does. Pure.

One process is asked twice, in two lives: what differs between those varies by itself, in that place
of that request, and is not held against the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from surefoot.core.proof import Difference
from surefoot.toolbox.state.walk import Answered

__all__ = ["differences"]

_TOKEN: Final = re.compile(rb"[\w.+-]+|\s+|[^\w\s]")
_AROUND: Final = 60
_SECRET: Final = re.compile(r"[\w./+=-]{20,}")


def differences(
    base: Sequence[Answered], again: Sequence[Answered], several: Sequence[Answered]
) -> dict[int, Difference]:
    """What differs, by step; at most one difference for each.

    Args:
        base: What one process answered.
        again: The same process in another life.
        several: What several processes answered.
    """
    varying = _varying(base, again)
    found: dict[int, Difference] = {}
    for step, (one, other, many) in enumerate(zip(base, again, several, strict=False)):
        difference = _difference(one, other, many, varying)
        if difference is not None:
            found[step] = difference
    return found


def _varying(base: Sequence[Answered], again: Sequence[Answered]) -> Mapping[str, set[int] | None]:
    """By request the tokens of its body that vary; ``None`` where even their number does."""
    found: dict[str, set[int] | None] = {}
    for one, other in zip(base, again, strict=False):
        if one.status != other.status or one.body == other.body:
            continue
        left, right = _TOKEN.findall(one.body), _TOKEN.findall(other.body)
        places = found.setdefault(one.name, set())
        if len(left) != len(right):
            found[one.name] = None
        elif places is not None:
            pairs = zip(left, right, strict=True)
            places.update(index for index, (a, b) in enumerate(pairs) if a != b)
    return found


def _difference(
    one: Answered, other: Answered, many: Answered, varying: Mapping[str, set[int] | None]
) -> Difference | None:
    if one.error or other.error or one.status != other.status:
        return None
    if many.status != one.status:
        before, after = str(one.status), many.error or str(many.status)
        return Difference(one.sent or one.name, "status", "", before, after)
    before, after = _location(one), _location(many)
    if before == _location(other) and before != after:
        return Difference(one.sent, "header location", "", _shown(before), _shown(after))
    place = _body_differs(one.body, many.body, varying.get(one.name, set()))
    if place is None:
        return None
    return Difference(one.sent, "body", "", _cut(one.body, place), _cut(many.body, place))


def _location(answer: Answered) -> str:
    found = next((value for name, value in answer.headers if name == "location"), "")
    return found.partition("?")[0]


def _body_differs(one: bytes, many: bytes, varying: set[int] | None) -> int | None:
    """Where the first difference begins, in bytes; ``None`` where there is none."""
    if one == many or varying is None:
        return None
    left, right = _TOKEN.findall(one), _TOKEN.findall(many)
    if len(left) != len(right):
        return _place(left, right) if not varying else None
    for index, (a, b) in enumerate(zip(left, right, strict=True)):
        if a != b and index not in varying:
            return sum(map(len, left[:index]))
    return None


def _place(left: Sequence[bytes], right: Sequence[bytes]) -> int:
    place = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        place += len(a)
    return place


def _cut(body: bytes, place: int) -> str:
    text = body[max(0, place - _AROUND) : place + _AROUND].decode("utf-8", "replace")
    return _shown(" ".join(text.split()))


def _shown(text: str) -> str:
    """Without what may be a secret."""
    return _SECRET.sub("(...)", text)
