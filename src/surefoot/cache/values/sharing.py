"""Whether callers may share one object, because nobody can change anything in it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
import zoneinfo
from typing import Any, Final

__all__ = ["is_shareable"]

_SCALARS: Final = frozenset(
    {
        str, int, float, bool, type(None), bytes, complex, dt.date, dt.timedelta,
        decimal.Decimal, uuid.UUID, range,
    }
)  # fmt: skip
_MOMENTS: Final = frozenset({dt.datetime, dt.time})
_ZONES: Final = frozenset({type(None), dt.timezone, zoneinfo.ZoneInfo})
_ROWS: Final = frozenset({tuple, frozenset})
_DEEPEST: Final = 20


def is_shareable(value: Any, depth: int = 0) -> bool:
    """Whether it is immutable all the way: plain values, tuples, frozen dataclasses and Structs."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind in _ROWS:
        return _SCALARS.issuperset(map(type, value)) or _all(value, depth)
    if kind in _MOMENTS:
        return type(value.tzinfo) in _ZONES
    if isinstance(value, enum.Enum):
        return is_shareable(value.value, depth + 1)
    names = _frozen_fields(kind)
    return names is not None and _all([getattr(value, name) for name in names], depth)


def _all(values: Any, depth: int) -> bool:
    return depth < _DEEPEST and all(is_shareable(each, depth + 1) for each in values)


def _frozen_fields(kind: type) -> tuple[str, ...] | None:
    parameters = vars(kind).get("__dataclass_params__")
    if parameters is not None:
        if not parameters.frozen:
            return None
        return tuple(field.name for field in dataclasses.fields(kind))
    config = getattr(kind, "__struct_config__", None)
    if config is not None and config.frozen and "__dict__" not in dir(kind):
        fields: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
        return fields
    return None
