"""Two calls have one key if, and only if, their arguments are the same in value and type."""

import datetime as dt
import decimal
import enum
import math
import uuid
import zoneinfo
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from surefoot.core.cache.key_text import key_text
from surefoot.core.cache.keys import LONGEST, Keys, shortened
from surefoot.errors import CacheKeyError


def book(a, b=2, /, c=3, *more, d=4, **others):
    return a, b, c, more, d, others


def plain(a, b=2, *, c=3):
    return a, b, c


KEYS = Keys(book)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Count(enum.IntEnum):
    ONE = 1


@dataclass(frozen=True)
class Point:
    x: int
    y: object = None


@dataclass
class Loose:
    x: int


class Pair(NamedTuple):
    a: int
    b: int


class Shop:
    def __init__(self, name):
        self.name = name

    def __cache_key__(self):
        return self.name

    def books(self, page=1):
        return page


class Text(str):
    __slots__ = ()


class Bare:
    def books(self, page=1):
        return page


NAIVE = dt.datetime(2026, 1, 1)  # noqa: DTZ001
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

# Values of which no two may share a key, though many of them are equal.
DISTINCT = [
    1, 1.0, True, "1", b"1", complex(1), decimal.Decimal(1), Count.ONE, (1,), [1], {1}, {1: 1},
    frozenset({1}), "True", "None", None, 0, 0.0, -0.0, False, "", b"", (), [], {}, set(),
    frozenset(), math.nan, math.inf, -math.inf, "nan", 10**400, -(10**400), (1, 2), ((1,), 2),
    (1, (2,)), ["1,2"], ["1", "2"], "(1,)", "['1', '2']", {"a": 1}, {"a": "1"}, {"a": (1,)},
    [("a", 1)], Colour.RED, Colour.BLUE, Access.READ, Access.READ | Access.WRITE, Point(1),
    Point(1.0), Point(1, (2,)), Pair(1, 2), uuid.UUID(int=1), str(uuid.UUID(int=1)),
    uuid.UUID(int=1).bytes,    dt.date(2026, 1, 1), NAIVE, NAIVE.replace(fold=1),
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, tzinfo=BERLIN),
    dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
    dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))), dt.time(1), dt.timedelta(1),
    PurePosixPath("a"), "a", range(3), Point, Pair, int, "\ud800", "\n", "\\n",
]  # fmt: skip


def test_values_that_differ_in_value_or_type_have_keys_that_differ():
    texts = [key_text(value) for value in DISTINCT]
    assert len(set(texts)) == len(texts)
    assert len({KEYS(value) for value in DISTINCT}) == len(DISTINCT)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.sampled_from(Colour)
)
HASHABLE = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(HASHABLE, inner, max_size=3)
        | st.frozensets(HASHABLE, max_size=3)
        | st.builds(Point, st.integers(), inner)
    ),
    max_leaves=8,
)
SIGNATURES = st.tuples(
    st.lists(VALUES, max_size=3), st.dictionaries(st.sampled_from("cdef"), VALUES, max_size=3)
)


def same(a, b):  # noqa: PLR0911
    """Equal, and of the same types all the way."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return repr(a) == repr(b)
    if isinstance(a, decimal.Decimal):
        return str(a) == str(b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return matched(a.items(), b.items())
    if isinstance(a, frozenset):
        return matched(a, b)
    if isinstance(a, Point):
        return same((a.x, a.y), (b.x, b.y))
    return a == b and getattr(a, "fold", 0) == getattr(b, "fold", 0)


def matched(a, b):
    left = list(b)
    for each in a:
        found = next((at for at, other in enumerate(left) if same(each, other)), None)
        if found is None:
            return False
        left.pop(found)
    return not left


@given(VALUES, VALUES)
def test_one_text_for_the_same_value_and_no_other(a, b):
    assert (key_text(a) == key_text(b)) == same(a, b)


@given(VALUES)
def test_a_copy_has_the_same_text(value):
    copy = dict(reversed(value.items())) if type(value) is dict else value
    assert key_text(copy) == key_text(value)


@given(SIGNATURES, SIGNATURES)
def test_no_two_lists_of_arguments_share_a_key(a, b):
    bound = []
    for args, kwargs in (a, b):
        assume(args and not (len(args) > 2 and "c" in kwargs))
        bound.append(book(*args, **kwargs))
    assert (KEYS(*a[0], **a[1]) == KEYS(*b[0], **b[1])) == same(*bound)


@given(SIGNATURES)
def test_what_is_remembered_is_what_would_be_made(signature):
    args, kwargs = signature
    assume(args and not (len(args) > 2 and "c" in kwargs))
    assert KEYS(*args, **kwargs) == KEYS(*args, **kwargs) == KEYS.text(tuple(args), kwargs)


def test_defaults_and_keywords_make_no_difference():
    keys = Keys(plain)
    assert keys(1) == keys(a=1) == keys(1, 2) == keys(c=3, b=2, a=1) == keys(b=2, c=3, a=1)
    assert keys(1) != keys(2)
    assert keys(1).endswith("test_keys.plain(a=1,b=2,c=3)")


def test_arguments_that_are_equal_and_hash_alike_are_told_apart_when_remembered():
    keys = Keys(plain)
    assert len({keys(1), keys(1.0), keys(True)}) == 3
    assert len({keys((1,)), keys((1.0,)), keys((True,))}) == 3
    assert len({keys(0.0), keys(-0.0)}) == 2


def test_a_call_that_does_not_fit_says_so():
    with pytest.raises(TypeError, match="missing a required argument"):
        Keys(plain)()


@pytest.mark.parametrize(
    "value",
    [object(), Loose(1), OrderedDict(), Bare(), [object()], {"a": Bare()}, len, Text()],
)  # fmt: skip
def test_what_cannot_be_told_apart_is_refused_and_what_to_do_is_said(value):
    with pytest.raises(TypeError, match="key=") as told:
        Keys(plain)(value)
    assert isinstance(told.value, CacheKeyError)
    assert "plain, a" in str(told.value)


def test_what_holds_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(CacheKeyError, match="deeply"):
        key_text(value)


def test_a_method_needs_a_key_of_its_object():
    keys = Keys(Shop.books)
    assert keys(Shop("a")) == keys(Shop("a"), page=1)
    assert keys(Shop("a")) != keys(Shop("b"))
    with pytest.raises(CacheKeyError, match="self"):
        Keys(Bare.books)(Bare())


def test_a_function_for_keys_is_asked_each_time():
    whose = ["ann"]
    keys = Keys(plain, key=lambda a: (whose[0], a), name="pages")
    first = keys(1)
    assert first == "pages:('ann',1)"
    whose[0] = "ben"
    assert keys(1) == "pages:('ben',1)"
    with pytest.raises(TypeError):
        keys.remembered(1)


def test_a_function_without_a_name_of_its_own_is_refused():
    def made(step):
        def inner(a):
            return a + step

        return inner

    with pytest.raises(CacheKeyError, match="name="):
        Keys(made(1))
    with pytest.raises(CacheKeyError, match="name="):
        Keys(lambda a: a)
    assert Keys(made(1), name="one")(1) == "one(a=1)"


def test_long_keys_begin_readably_and_stay_distinct():
    texts = ["x" * 5000 + str(at) for at in range(100)]
    keys = {Keys(plain)(text) for text in texts}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {LONGEST}
    assert all("plain(a='xxx" in key for key in keys)


@given(st.text(max_size=400))
def test_a_shortened_key_is_short_and_stays_itself(text):
    assert len(shortened(text)) <= LONGEST
    assert shortened(shortened(text)) == shortened(text)
