"""A value as text that no other value has: 1, 1.0, True and "1" differ, equal dicts do not.

The text of each type begins and ends in its own way, and whatever could hold a delimiter is quoted
as Python quotes it, so that nothing is ambiguous. What has no such text is refused: an object's
``repr`` may hold its address, or leave out what makes it different.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import pathlib
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any, Final

from surefoot.errors import CacheKeyError

__all__ = ["key_text"]

_DEEPEST: Final = 50


def key_text(value: object, depth: int = 0) -> str:
    """The text of a value.

    Raises:
        CacheKeyError: The value, or something in it, is of a type without such a text.
    """
    write = _EXACT.get(type(value))
    if write is not None:
        return write(value)
    if depth > _DEEPEST:
        raise _refused(value, "is nested too deeply for a key")
    contain = _CONTAINERS.get(type(value))
    return contain(value, depth + 1) if contain is not None else _other(value, depth + 1)


def _integer(value: int) -> str:
    # The time that decimal digits take grows with their square, and Python refuses 4,300 of them.
    return repr(value) if -(2**1000) < value < 2**1000 else hex(value)


def _moment(value: dt.datetime | dt.time) -> str:
    zone = "" if value.tzinfo is None else _zone(value.tzinfo)
    return f"{type(value).__name__}({value.isoformat()} {zone} {value.fold})"


def _zone(zone: dt.tzinfo) -> str:
    if isinstance(zone, zoneinfo.ZoneInfo) and zone.key is not None:
        return zone.key
    if type(zone) is dt.timezone:
        return repr(zone)
    named = getattr(zone, "zone", None)  # pytz
    if isinstance(named, str):
        return f"pytz {named!r}"
    raise _refused(zone, "is a time zone without a name")


_EXACT: Final[dict[type, Callable[[Any], str]]] = {
    str: repr,
    int: _integer,
    float: repr,
    bool: repr,
    type(None): repr,
    bytes: repr,
    complex: lambda value: f"complex({value.real!r},{value.imag!r})",
    decimal.Decimal: repr,
    uuid.UUID: repr,
    dt.datetime: _moment,
    dt.time: _moment,
    dt.date: lambda value: f"date({value.isoformat()})",
    dt.timedelta: repr,
    range: repr,
    pathlib.PurePosixPath: repr,
    pathlib.PosixPath: repr,
}


def _row(values: Any, depth: int) -> str:
    return ",".join([key_text(value, depth) for value in values])


def _set(values: Any, depth: int) -> str:
    # The order of a set differs between processes, so that of the texts is taken.
    return ",".join(sorted(key_text(value, depth) for value in values))


def _mapping(value: dict[Any, Any], depth: int) -> str:
    pairs = [(key_text(key, depth), key_text(each, depth)) for key, each in value.items()]
    return "{" + ",".join(f"{key}:{each}" for key, each in sorted(pairs)) + "}"


_CONTAINERS: Final[dict[type, Callable[[Any, int], str]]] = {
    tuple: lambda value, depth: f"({_row(value, depth)})",
    list: lambda value, depth: f"[{_row(value, depth)}]",
    dict: _mapping,
    set: lambda value, depth: f"set({_set(value, depth)})",
    frozenset: lambda value, depth: f"frozenset({_set(value, depth)})",
}


def _other(value: object, depth: int) -> str:
    kind = type(value)
    own = getattr(kind, "__cache_key__", None)
    if own is not None:
        return f"{_path(kind)}({key_text(own(value), depth)})"
    if isinstance(value, enum.Flag):
        return f"{_path(kind)}({int(value.value)})"
    if isinstance(value, enum.Enum):
        return f"{_path(kind)}({value.name!r})"
    if isinstance(value, type):
        return f"class({_path(value)})"
    if isinstance(value, tuple) and "_fields" in vars(kind):
        return f"{_path(kind)}({_row(value, depth)})"
    parameters = vars(kind).get("__dataclass_params__")
    if parameters is not None and parameters.frozen:
        fields: tuple[str, ...] = tuple(vars(kind)["__dataclass_fields__"])
        return f"{_path(kind)}({_row([getattr(value, name) for name in fields], depth)})"
    raise _refused(value, "cannot be part of a cache's key")


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _refused(value: object, why: str) -> CacheKeyError:
    return CacheKeyError(
        f"a value of type {_path(type(value))} {why}",
        do="give key=, a function of the same arguments that returns what tells them apart "
        "(text, numbers, tuples of them); or give the class a method __cache_key__",
    )
