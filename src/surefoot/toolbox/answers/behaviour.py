"""How what varies behaves from answer to answer: rising, never twice, the same for one user."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from surefoot.toolbox.answers.pattern import CLOCK, Pattern

__all__ = ["Seen", "Traits", "broken", "traits"]

_FEW: Final = 6
"""Values from which on a trait is believed: random ones rise six times running in one of 720."""
_CLOSE: Final = 0.25
"""Seconds. Signed tokens carry the time in whole seconds: the same user gets the same one within a
second and another one after it, so only what happened in less is the application's doing."""
_PAIRS: Final = 5
"""Answers close to each other that one goes by: five of them straddle a second in 1 of 1,000."""
_STILL: Final = 4
_SETTLED: Final = 40
_STRANGE: Final = 0.08
"""Share of unknown values that is no accident: 80 answers without any, if so many had one, are 1 in
800."""
_SET: Final = 12
"""Different values at most of something that is one of a few."""
_GROUPS: Final = 3
_EPOCHS: Final = ((1e9, 5e9), (1e12, 5e12), (1e15, 5e15))
"""Seconds, milliseconds and microseconds since 1970, from 2001 to 2128."""


class Seen(NamedTuple):
    """A value, and for whom it was answered."""

    who: str
    value: str
    when: float = 0.0
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What held on both of two equal stacks."""

    rising: str = ""
    """``"strictly"``, ``"weakly"``, or empty."""
    clock: bool = False
    """Whether it tells the time: it may stand still between two answers, not for good."""
    pace: float = 0.0
    """Seconds for which a clock stood still, on average."""
    unique: bool = False
    """Whether no value came twice."""
    personal: bool = False
    """Whether it is the same in all answers to one user or session, and not to another."""
    choices: frozenset[str] = frozenset()
    """The few values that it takes; empty if they are not few."""
    constant: bool = False
    """Whether each stack had one value of its own."""


def traits(first: Sequence[Seen], second: Sequence[Seen], pattern: Pattern) -> Traits:
    """What holds of both series."""
    both = (first, second)
    if min(map(len, both)) < _FEW:
        return Traits()
    clock = pattern.words == CLOCK or all(_is_epoch(series) for series in both)
    ways = {_rising(series) for series in both}
    rising = "" if "" in ways else ("strictly" if ways == {"strictly"} else "weakly")
    return Traits(
        rising="weakly" if clock and rising else rising,
        clock=clock and all(len(_values(series)) >= _GROUPS for series in both),
        pace=max(_span(series) / len(_values(series)) for series in both),
        unique=not clock and all(_unique(series, pattern) for series in both),
        personal=all(_personal(series) for series in both),
        choices=_choices(first, second),
        constant=all(len(_values(series)) == 1 for series in both),
    )


def broken(held: Traits, pattern: Pattern, series: Sequence[Seen]) -> tuple[str, str] | None:
    """What held on the base and what ``series`` does instead; ``None`` if nothing is wrong."""
    if len(series) < _FEW:
        return None
    return (
        _not_rising(held, series)
        or _stuck(held, series)
        or _repeated(held, series, random=pattern.random)
        or _shared(held, series, random=pattern.random)
        or _unknown(held, series)
    )


_Broken = tuple[str, str] | None


def _not_rising(held: Traits, series: Sequence[Seen]) -> _Broken:
    if not held.rising:
        return None
    strict = held.rising == "strictly"
    numbers = [_number(seen.value) for seen in series]
    for (before, after), (old, new) in zip(pairwise(numbers), pairwise(series), strict=True):
        if before is None or after is None or type(before) is not type(after):
            return None
        if after < before or (strict and after == before):  # type: ignore[operator]  # one type
            words = "rises from answer to answer" if strict else "never falls"
            return words, f"{new.value} after {old.value}"
    return None


def _stuck(held: Traits, series: Sequence[Seen]) -> _Broken:
    if held.clock and len(_values(series)) == 1 and _span(series) > _STILL * held.pace:
        return "tells the time", f"the same in all of {len(series)} answers"
    return None


def _repeated(held: Traits, series: Sequence[Seen], *, random: bool) -> _Broken:
    if not held.unique:
        return None
    distinct = len(_values(series))
    # Few digits may come twice by accident; 64 random bits do not.
    if distinct < (len(series) if random else len(series) / 2):
        often = Counter(seen.value for seen in series).most_common(1)[0][1]
        return "another one in every answer", f"the same one in {often} of {len(series)} answers"
    return None


def _shared(held: Traits, series: Sequence[Seen], *, random: bool) -> _Broken:
    if not held.personal:
        return None
    expected = "the same one for the whole session, and another for each"
    together = _together(series)
    apart = [values for values in together if len(values) > 1]
    if len(apart) >= _GROUPS and len(apart) > len(together) / 2:
        return expected, f"different ones within {len(apart)} of {len(together)} sessions"
    groups = _groups(series)
    if random and len(set.union(*groups.values())) < len(groups) / 2:
        return expected, "the same one for several of them"
    return None


def _unknown(held: Traits, series: Sequence[Seen]) -> _Broken:
    if not held.choices:
        return None
    strange = [seen.value for seen in series if seen.value not in held.choices]
    if len(strange) < max(_GROUPS, _STRANGE * len(series)):
        return None
    return f"one of {len(held.choices)} values", strange[0]


def _unique(series: Sequence[Seen], pattern: Pattern) -> bool:
    if len(_values(series)) < len(series):
        return False
    return pattern.words == "a UUID" or sum(1 for _ in _neighbours(series)) >= _PAIRS


def _neighbours(series: Sequence[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """Two answers to the same user, or to nobody, of which one came soon after the other."""
    last: dict[str, Seen] = {}
    for seen in series:
        before = last.get(seen.who)
        if before is not None and seen.when - before.when < _CLOSE:
            yield before, seen
        last[seen.who] = seen


def _span(series: Sequence[Seen]) -> float:
    return series[-1].when - series[0].when


def _values(series: Sequence[Seen]) -> set[str]:
    return {seen.value for seen in series}


def _groups(series: Sequence[Seen]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for seen in series:
        if seen.who:
            groups[seen.who].add(seen.value)
    return groups


def _together(series: Sequence[Seen]) -> list[set[str]]:
    """The values that one user or session was given by two answers close to each other."""
    found: dict[str, set[str]] = defaultdict(set)
    for before, seen in _neighbours(series):
        if seen.who:
            found[seen.who] |= {before.value, seen.value}
    return list(found.values())


def _personal(series: Sequence[Seen]) -> bool:
    groups = _groups(series)
    often = Counter(seen.who for seen in series if seen.who)
    return (
        sum(count > 1 for count in often.values()) >= _GROUPS
        and all(len(found) == 1 for found in groups.values())
        and len(set.union(*groups.values())) == len(groups)
    )


def _choices(first: Sequence[Seen], second: Sequence[Seen]) -> frozenset[str]:
    counts = [Counter(seen.value for seen in series) for series in (first, second)]
    one, other = counts
    settled = all(count.total() >= _SETTLED and min(count.values()) >= 3 for count in counts)
    few = len(one) <= _SET and one.keys() == other.keys()
    return frozenset(one) if settled and few else frozenset()


def _rising(series: Sequence[Seen]) -> str:
    numbers = [_number(seen.value) for seen in series]
    if len({type(number) for number in numbers}) != 1 or numbers[0] is None:
        return ""
    pairs = list(pairwise(numbers))
    if all(before < after for before, after in pairs):  # type: ignore[operator]  # one type
        return "strictly"
    if len(set(numbers)) >= _GROUPS and all(before <= after for before, after in pairs):  # type: ignore[operator]  # one type
        return "weakly"
    return ""


def _number(value: str) -> float | str | None:
    """What a value is ordered by: a number, or a time written from the year down."""
    try:
        return float(value)
    except ValueError:
        return value if value[:4].isdigit() and value[4:5] == "-" else None


def _is_epoch(series: Sequence[Seen]) -> bool:
    numbers = [_number(seen.value) for seen in series]
    return any(
        all(isinstance(number, float) and low < number < high for number in numbers)
        for low, high in _EPOCHS
    )
