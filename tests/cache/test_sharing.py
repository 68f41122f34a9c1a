"""Only what nobody can change is shared between callers."""

import datetime as dt
import decimal
import enum
import uuid
from dataclasses import dataclass, field

import msgspec
import pytest

from surefoot.cache.values.sharing import is_shareable


@dataclass(frozen=True)
class Frozen:
    inner: object = None


@dataclass
class Loose:
    a: int = 1


@dataclass(frozen=True)
class Partly:
    rows: list[int] = field(default_factory=list)


class Still(msgspec.Struct, frozen=True):
    inner: object = None


class Moving(msgspec.Struct):
    a: int = 1


class Colour(enum.Enum):
    RED = 1
    ROWS = [1]  # noqa: RUF012


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        None, True, 1, 1.5, "a", b"a", decimal.Decimal(1), uuid.UUID(int=1), dt.date(2026, 1, 1),
        dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.timedelta(1),  # noqa: DTZ001
        (), (1, "a"), (1, (2, (3,))), frozenset({1}), Colour.RED, Frozen(), Frozen((1, Frozen(2))),
        Still(), Still((Frozen(1),)),
    ],
)  # fmt: skip
def test_what_cannot_change_is_shared(value):
    assert is_shareable(value)


@pytest.mark.parametrize(
    "value",
    [
        [], {}, set(), bytearray(), ([],), (1, (2, [3])), Loose(), Partly(), Frozen([]),
        Frozen(Loose()), Moving(), Still([]), Still(Moving()), Colour.ROWS, Text("a"), object(),
        iter(()),
    ],
)  # fmt: skip
def test_what_can_change_is_not(value):
    assert not is_shareable(value)


def test_what_is_nested_very_deep_is_not():
    value = ()
    for _ in range(10_000):
        value = (value,)
    assert not is_shareable(value)
