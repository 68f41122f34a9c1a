"""What a value is made of, in one walk, before it is written."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
import zoneinfo
from typing import Any, Final

from surefoot.core.secret_names import may_be_secret
from surefoot.errors import UncacheableError

__all__ = [
    "EXTENDED",
    "EXTENDED_TYPES",
    "FOREIGN",
    "NATIVE",
    "SUSPECT",
    "is_exact_moment",
    "survey",
]

EXTENDED: Final = 1
"""Something that msgpack itself does not tell from something else: a tuple, a date, ..."""
FOREIGN: Final = 2
"""An object of some class, which comes back as one only to who says which."""
SUSPECT: Final = 4
"""A key of a dictionary that may be the name of a secret."""

NATIVE: Final = frozenset({str, int, float, bool, type(None), bytes})
EXTENDED_TYPES: Final[set[type]] = {
    dt.date, dt.time, dt.timedelta, decimal.Decimal, uuid.UUID, complex, bytearray,
}  # fmt: skip
"""Those that there are extensions for, dates with times and containers apart."""
_ROWS: Final = frozenset({tuple, set, frozenset})
_DEEPEST: Final = 100
_MOST_HARMLESS: Final = 4096

# Keys that were looked at and are no secret's name. Asking a set whether it holds all keys of a
# dictionary costs 25 ns a key; looking at each name costs 500.
_harmless: set[Any] = set()


def survey(value: Any, depth: int = 0) -> int:
    """``EXTENDED``, ``FOREIGN`` and ``SUSPECT``, as far as they hold.

    Raises:
        UncacheableError: It is nested too deeply, or holds itself.
    """
    kind = type(value)
    if kind is dict:
        found = 0 if _harmless.issuperset(value) else _keys(value)
        inner = value.values()
    elif kind is list or kind in _ROWS:
        found = 0 if kind is list else EXTENDED
        inner = value
    else:
        return _leaf(value, kind)
    if NATIVE.issuperset(map(type, inner)):
        return found
    if depth > _DEEPEST:
        raise UncacheableError(
            f"a value is nested more than {_DEEPEST} deep, or holds itself",
            do="keep a flatter one",
        )
    for each in inner:
        if type(each) not in NATIVE:
            found |= survey(each, depth + 1)
    return found


def _leaf(value: Any, kind: type) -> int:
    if kind in NATIVE:
        return 0
    if kind is dt.datetime or kind is dt.time:
        return EXTENDED if is_exact_moment(value) else FOREIGN
    return EXTENDED if kind in EXTENDED_TYPES else FOREIGN


def is_exact_moment(value: dt.datetime | dt.time) -> bool:
    """Whether its time zone is none, or one that can be written and found again."""
    zone = value.tzinfo
    if isinstance(zone, zoneinfo.ZoneInfo):
        return zone.key is not None
    return zone is None or type(zone) is dt.timezone


def _keys(value: dict[Any, Any]) -> int:
    found = 0
    for key in value:
        if type(key) is str:
            if may_be_secret(key):
                found |= SUSPECT
            elif len(_harmless) < _MOST_HARMLESS:
                _harmless.add(key)
        elif type(key) not in NATIVE:
            found |= EXTENDED | survey(key, 1)
    return found
