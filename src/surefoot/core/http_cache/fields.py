"""Fields of requests and answers, read leniently: what is malformed never raises, and never allows.

Names are in lower case, values are text; a field may come several times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

__all__ = ["Fields", "directives", "first", "listed", "lowered", "seconds", "values"]

Fields = tuple[tuple[str, str], ...]

# A comma inside a quoted string separates nothing (RFC 9110, 5.6.4).
_PART: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"?|[^",])+')
_LONGEST_AGE: Final = 2**31
_MOST: Final = 64


def lowered(fields: Iterable[tuple[str, str]]) -> Fields:
    """Fields with their names in lower case."""
    return tuple((name.lower(), value) for name, value in fields)


def values(fields: Fields, name: str) -> list[str]:
    """All values of a field, in their order."""
    return [value for given, value in fields if given == name]


def first(fields: Fields, name: str) -> str:
    """The first value of a field; empty where there is none."""
    return next((value for given, value in fields if given == name), "")


def listed(fields: Fields, name: str) -> Iterator[str]:
    """The members of a field that is a list, stripped, none of them empty."""
    for value in values(fields, name):
        for match in _PART.finditer(value):
            member = match[0].strip()
            if member:
                yield member


def directives(fields: Fields, name: str = "cache-control") -> Mapping[str, str]:
    """Directives of ``Cache-Control`` and its kin, by their names in lower case.

    Of a directive that comes twice the first one counts (RFC 9111, 4.2.1).
    """
    found: dict[str, str] = {}
    for number, member in enumerate(listed(fields, name)):
        if number >= _MOST:
            break
        word, _, argument = member.partition("=")
        argument = argument.strip()
        if len(argument) > 1 and argument[0] == argument[-1] == '"':
            argument = argument[1:-1]
        found.setdefault(word.strip().lower(), argument)
    return found


def seconds(text: str) -> int:
    """``delta-seconds`` of RFC 9111, 1.2.2; what is no such number is 0, hence stale at once."""
    if not (text.isascii() and text.isdigit()):
        return 0
    return _LONGEST_AGE if len(text) > 10 else min(int(text), _LONGEST_AGE)
