"""What values that vary have in common: the narrowest format that all of them fit."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["CLOCK", "Pattern", "describe"]

_LONG: Final = 16
"""Characters from which on a value of one length is taken for a token: 64 bits as hex digits."""

_UUID: Final = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_TIME: Final = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
_DATE: Final = r"\d{4}-\d{2}-\d{2}"
_HTTP_DATE: Final = r"[A-Z][a-z]{2},? \d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT"
_KINDS: Final = (
    ("a UUID", _UUID),
    ("a whole number", r"-?\d+"),
    ("a number", r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"),
    ("a time", f"{_DATE}[T ]{_TIME}|{_DATE}|{_TIME}|{_HTTP_DATE}"),
)
CLOCK: Final = "a time"
_TOKENS: Final = (
    ("hex digits", "[0-9a-f]"),
    ("hex digits", "[0-9A-Fa-f]"),
    ("letters and digits", "[0-9A-Za-z]"),
    ("URL-safe characters", r"[\w.~=-]"),
    ("base64 characters", r"[\w.~=+/-]"),
)
_WORD: Final = re.compile(r"[A-Za-z]{3}")
_CUTS: Final = re.compile(r"([/=;,?&:|.\s\"'()<>-]+)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A format, and what to call it."""

    words: str
    """``"32 hex digits"``."""
    expression: str
    """The regular expression that the whole of a value matches."""
    random: bool = False
    """Whether it has room for 64 bits, so that two equal values are no accident."""

    def fits(self, value: str) -> bool:
        """Whether ``value`` has this format."""
        return _compiled(self.expression).fullmatch(value) is not None


_ANY: Final = Pattern("a text", r"[\s\S]*")


@functools.lru_cache(maxsize=1024)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def describe(values: Collection[str]) -> Pattern:
    """The narrowest format known that fits all of ``values``; any text if nothing else does."""
    found = set(values)
    if not found:
        return _ANY
    for kind in (_known, _worded, _token, _composite):
        pattern: Pattern | None = kind(found)
        if pattern is not None:
            return pattern
    return _ANY


def _known(values: set[str]) -> Pattern | None:
    for words, expression in _KINDS:
        if _all_match(expression, values):
            if words == "a whole number" and _is_token(values):
                return None  # hex digits that happen to be decimal ones
            return Pattern(words, expression, random=words == "a UUID")
    return None


def _is_token(values: set[str]) -> bool:
    # Numbers of so many digits that count something start alike; random ones do not.
    lengths = {len(value) for value in values}
    return min(lengths) >= _LONG and len({value[0] for value in values}) > 1


def _token(values: set[str]) -> Pattern | None:
    lengths = {len(value) for value in values}
    low, high = min(lengths), max(lengths)
    if low < _LONG:
        return None
    for words, letter in _TOKENS:
        if _all_match(f"{letter}+", values):
            size = f"{{{low}}}" if low == high else "+"
            count = f"{low} " if low == high else ""
            return Pattern(f"{count}{words}", letter + size, random=True)
    return None


def _worded(values: set[str]) -> Pattern | None:
    """Parts, if a word is among those that are the same: no token holds one by accident."""
    if len(values) > 1:
        columns = zip(*(_CUTS.split(value) for value in values), strict=False)
        if any(len(set(column)) == 1 and _WORD.search(column[0]) for column in columns):
            return _composite(values)
    return None


def _composite(values: set[str]) -> Pattern | None:
    """Parts that are the same in all values, and formats of those that are not."""
    parted = [_CUTS.split(value) for value in values]
    # Between the parts stands what cuts them; that is the same, or they are no parts.
    if len({(len(parts), *parts[1::2]) for parts in parted}) > 1 or len(parted[0]) == 1:
        return None
    pieces = list(_pieces(parted))
    words = "".join(piece.words for piece in pieces)
    expression = "".join(f"(?:{piece.expression})" for piece in pieces)
    return Pattern(words, expression, random=any(piece.random for piece in pieces))


def _pieces(parted: Sequence[Sequence[str]]) -> Iterator[Pattern]:
    for column in zip(*parted, strict=True):
        same = set(column)
        if len(same) == 1:
            yield Pattern(column[0], re.escape(column[0]))
        else:
            narrow = _first(same, _known, _token)
            pattern = narrow or Pattern("a word", r"[^\s\"'<>]*")
            yield Pattern(f"({pattern.words})", pattern.expression, random=pattern.random)


def _first(values: set[str], *kinds: Callable[[set[str]], Pattern | None]) -> Pattern | None:
    return next((pattern for kind in kinds if (pattern := kind(values)) is not None), None)


def _all_match(expression: str, values: set[str]) -> bool:
    match = _compiled(expression).fullmatch
    return all(match(value) for value in values)
