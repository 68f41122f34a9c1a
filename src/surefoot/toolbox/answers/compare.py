"""Compares answers in order: what differs, and what no longer behaves as it did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from surefoot.core.proof import Answers, Difference
from surefoot.toolbox.answers.behaviour import broken
from surefoot.toolbox.answers.counters import out_of_step
from surefoot.toolbox.answers.examples import Examples, Finding
from surefoot.toolbox.answers.spot import Spot
from surefoot.toolbox.answers.variation import Pairs, Variation, content, paired, series
from surefoot.toolbox.load.observation import Answered

__all__ = ["compare"]

_NO_ANSWER: Final = "no answer"


def compare(variation: Variation, base: Sequence[Answered], variant: Sequence[Answered]) -> Answers:
    """Compare what two stacks answered to the same requests in the same order.

    Args:
        variation: What two stacks equal to the base were seen to differ in.
        base: Answers of one of these two.
        variant: Answers of the third.
    """
    pairs = paired(base, variant)
    notes = [*_missing(base, variant, pairs), *_unpacked(pairs)]
    usable = [pair for pair in pairs if pair[0].status >= 200 and not _packed(pair)]
    found = [Finding(one, other, tuple(_spots(variation, one, other))) for one, other in usable]
    found, moved = out_of_step([finding for finding in found if finding.spots], usable)
    notes.extend(moved)
    behaviour = list(_behaviour(variation, usable))
    examples = Examples()
    for example in behaviour:
        examples.add((example.request, example.where), example)
    for finding in found:
        examples.found(finding)
    return Answers(
        compared=len(usable),
        differing=len(found) + len(behaviour),
        examples=examples.chosen(),
        notes=tuple(notes),
    )


def _packed(pair: tuple[Answered, Answered]) -> bool:
    return any(answered.packed for answered in pair)


def _spots(variation: Variation, one: Answered, other: Answered) -> Iterator[Spot]:
    if other.status < 200:
        yield Spot("status", "", str(one.status), other.error or _NO_ANSWER)
    else:
        yield from variation.shape(one.name).differences(content(one), content(other))


def _behaviour(variation: Variation, pairs: Pairs) -> Iterator[Difference]:
    by_name: dict[str, list[Answered]] = defaultdict(list)
    for _, other in pairs:
        if other.status >= 200:
            by_name[other.name].append(other)
    for name, answers in by_name.items():
        shape = variation.shape(name)
        for place, seen in series(shape, answers).items():
            held = variation.traits.get((name, place))
            wrong = broken(held, shape.pattern(place), seen) if held is not None else None
            if wrong is not None:
                expected, instead = wrong
                yield Difference(name, "behaviour", place.words, expected, instead)


def _missing(base: Sequence[Answered], variant: Sequence[Answered], pairs: Pairs) -> Iterator[str]:
    # What came after the last that both were asked is no loss.
    last = min(max((each.at for each in side), default=(0, 0)) for side in (base, variant))
    both = {each.at for side in (base, variant) for each in side if each.at <= last}
    lost = len(both) - sum(one.at <= last for one, _ in pairs)
    if lost:
        yield f"{lost} of {len(both)} requests were sent to only one of the two: not compared"
    failed = Counter(one.name for one, _ in pairs if one.status < 200)
    for name, count in failed.most_common():
        yield f"{name}: the base itself gave no answer {_times(count)}; not compared"


def _unpacked(pairs: Pairs) -> Iterator[str]:
    for name, count in Counter(pair[0].name for pair in pairs if _packed(pair)).most_common():
        yield f"{name}: packed in a way not known here {_times(count)}; not compared"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
