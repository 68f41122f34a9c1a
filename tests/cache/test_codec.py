"""Values come back as they went in, or are refused when they are written; damage is no value."""

import datetime as dt
import decimal
import enum
import math
import pickle
import uuid
import zoneinfo
from dataclasses import dataclass, field
from typing import Any, Optional, Protocol, TypedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs import printed
from surefoot.cache.values import packed, plain
from surefoot.cache.values.codec import COMPRESSED, TYPED, Codec, Encoded, UnreadableError
from surefoot.cache.values.signed import PICKLED
from surefoot.core.cache.frame import Frame
from surefoot.errors import ConfigError, TooLargeError, TypeNeededError, UncacheableError

CODEC = Codec()
SIGNING = Codec(pickle_key=b"0123456789abcdef")


@dataclass
class Author:
    name: str
    born: dt.date


@dataclass(frozen=True)
class Book:
    id: uuid.UUID
    title: str
    price: decimal.Decimal
    added: dt.datetime
    author: Author | None = None
    topics: tuple[str, ...] = ()
    codes: set[int] = field(default_factory=set)


class Row(msgspec.Struct):
    id: int
    name: str = ""


class Wider(Row):
    more: str = ""


class Order(TypedDict):
    book: Book
    count: int


class Count(TypedDict):
    a: int


class Colour(enum.Enum):
    RED = "red"


class Thing:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Thing) and other.value == self.value

    __hash__ = None


BOOK = Book(
    uuid.UUID(int=7), "Émile", decimal.Decimal("9.90"), dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    Author("R", dt.date(1712, 6, 28)), ("a", "b"), {1, 2},
)  # fmt: skip


def round_trip(value, codec=CODEC, *, told=Any, asked=Any):
    return codec.decode("k", codec.encode("k", value, told), asked)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return all(map(same, a.items(), b.items())) and len(a) == len(b)
    if isinstance(a, set | frozenset):
        return sorted(map(repr, a)) == sorted(map(repr, b))
    if isinstance(a, dt.datetime):
        return repr(a) == repr(b)
    return a == b or repr(a) == repr(b)


ZONES = st.sampled_from(
    [
        None, dt.UTC, zoneinfo.ZoneInfo("Europe/Berlin"), dt.timezone(dt.timedelta(minutes=-173)),
        dt.timezone(dt.timedelta(hours=1), "CET"),
    ]
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.characters(categories=["Cs"]) | st.decimals(allow_nan=False) | st.uuids() | st.dates()
    | st.timedeltas() | st.times()
    | st.datetimes(timezones=ZONES) | st.complex_numbers(allow_nan=False)
)  # fmt: skip
HASHABLE = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.sets(HASHABLE, max_size=3)
        | st.frozensets(HASHABLE, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(VALUES)
def test_without_a_type_everything_comes_back_as_it_went_in(value):
    assert same(round_trip(value, Codec(allow_secrets=True)), value)


@pytest.mark.parametrize("fold", [0, 1])
def test_an_hour_that_comes_twice_stays_the_one_it_was(fold):
    moment = dt.datetime(2026, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=fold)
    back = round_trip([moment])[0]
    assert (back.fold, back.utcoffset(), back.tzinfo) == (fold, moment.utcoffset(), moment.tzinfo)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Book, BOOK),
        (list[Book], [BOOK, BOOK]),
        (dict[str, Book], {"a": BOOK}),
        (Book | None, None),
        (Book | None, BOOK),
        (Order, {"book": BOOK, "count": 2}),
        (Row, Row(1, "a")),
        (tuple[int, str], (1, "a")),
        (set[int], {1, 2}),
        (Colour, Colour.RED),
        (dt.datetime, BOOK.added),
        (decimal.Decimal, decimal.Decimal("1.10")),
        (int, 7),
        (str, "seven"),
        (list, [1]),
        (list[int], [10**40]),
        (dict[str, Any], {"a": 10**40}),
    ],
)
def test_a_type_brings_back_what_it_says(kind, value):
    assert round_trip(value, told=kind, asked=kind) == value
    assert round_trip(value, asked=kind) == value


def test_an_object_that_was_written_without_its_type_is_asked_for_with_it():
    encoded = CODEC.encode("book:7", {"a": [BOOK]})
    assert encoded.flags & TYPED
    with pytest.raises(TypeNeededError, match="type=") as told:
        CODEC.decode("book:7", encoded)
    assert "book:7" in str(told.value)
    assert not isinstance(told.value, ValueError)


@pytest.mark.parametrize(
    ("kind", "value"), [(list[int], [1]), (dict[str, list[str]], {"a": ["b"]}), (Count, {"a": 1})]
)
def test_what_is_plain_comes_back_without_its_type_too(kind, value):
    assert round_trip(value, told=kind) == value


def test_what_is_declared_as_anything_comes_back_as_it_was_or_is_refused():
    kind = dict[str, Any]
    value = {"at": BOOK.added, "pair": (1, {2})}
    assert same(round_trip(value, told=kind, asked=kind), value)
    with pytest.raises(UncacheableError, match="Any"):
        CODEC.encode("k", {"book": Author("R", BOOK.author.born)}, kind)
    assert round_trip({"a": Thing(1)}, SIGNING, told=kind, asked=kind) == {"a": Thing(1)}


def test_a_value_that_is_not_of_its_type_is_refused_when_it_is_written():
    with pytest.raises(UncacheableError, match="no <class"):
        CODEC.encode("k", {"id": 1}, Book)
    with pytest.raises(UncacheableError):
        CODEC.encode("k", [1], list[str])


def test_what_nothing_can_write_is_refused_with_its_key():
    with pytest.raises(UncacheableError, match="'k'"):
        CODEC.encode("k", Thing(1))
    with pytest.raises(UncacheableError, match="'k'"):
        CODEC.encode("k", [len])


def test_what_holds_itself_is_refused():
    value = {}
    value["a"] = [value]
    with pytest.raises(UncacheableError, match="holds itself"):
        CODEC.encode("k", value)


def test_a_type_that_changed_since_is_no_value():
    class Old(msgspec.Struct):
        id: int

    class New(msgspec.Struct):
        id: str

    encoded = CODEC.encode("k", Old(1), Old)
    with pytest.raises(UnreadableError):
        CODEC.decode("k", encoded, New)


def test_a_plain_value_that_is_not_of_the_type_is_no_value():
    with pytest.raises(UnreadableError):
        CODEC.decode("k", CODEC.encode("k", "text"), int)


def test_a_type_that_nothing_can_read_says_so():
    with pytest.raises(UncacheableError, match="type="):
        CODEC.decode("k", CODEC.encode("k", [1]), dict[str, int] | dict[int, str])


# --- Size -----------------------------------------------------------------------------------------


def test_long_values_are_compressed_and_come_back():
    value = [{"title": f"book {at}", "pages": at} for at in range(500)]
    encoded = CODEC.encode("k", value)
    assert encoded.flags & COMPRESSED
    assert len(encoded.payload) < len(Codec(compress_above=None).encode("k", value).payload) / 2
    assert CODEC.decode("k", encoded) == value


def test_what_does_not_get_shorter_stays_as_it_is():
    noise = bytes(range(256)) * 8
    noise = noise[:256] + pickle.dumps([hash(str(at)) for at in range(300)])
    encoded = Codec(compress_above=10).encode("k", noise)
    assert encoded.flags == 0 or len(encoded.payload) < 0.9 * len(noise)


def test_a_value_above_the_limit_is_refused_with_its_key_and_size():
    codec = Codec(max_bytes=1000, compress_above=None)
    with pytest.raises(TooLargeError, match=r"'book:7' is 1\.23kB"):
        codec.encode("book:7", b"x" * 1234)


def test_bytes_that_claim_to_become_more_than_a_value_may_be_are_damaged():
    encoded = CODEC.encode("k", "x" * 100_000)
    with pytest.raises(UnreadableError):
        Codec(max_bytes=1000).decode("k", encoded)


# --- Damage ---------------------------------------------------------------------------------------

SAMPLES = [
    CODEC.encode("k", "text"),
    CODEC.encode("k", 1.5),
    CODEC.encode("k", None),
    CODEC.encode("k", [1, "a", {"b": None}]),
    CODEC.encode("k", (BOOK.added, {1, 2}, {(1, 2): uuid.UUID(int=1)})),
    CODEC.encode("k", [BOOK], list[Book]),
    CODEC.encode("k", ["compressible"] * 1000),
    SIGNING.encode("k", Thing([1, 2])),
]


@settings(max_examples=400)
@given(st.data())
def test_damage_is_no_value_and_never_another_exception(data):
    encoded = data.draw(st.sampled_from(SAMPLES))
    payload = bytearray(encoded.payload)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(payload)))
        payload[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    damaged = Encoded(bytes(payload), encoded.codec, encoded.flags)
    attempt(damaged, data.draw(st.sampled_from([Any, list[Book], int])))


@settings(max_examples=400)
@given(st.binary(max_size=60), st.integers(0, 255), st.integers(0, 255))
def test_any_bytes_are_a_value_or_none(payload, codec, flags):
    attempt(Encoded(payload, codec, flags), Any)
    attempt(Encoded(payload, packed.EXTENDED, 0), Any)
    attempt(Encoded(payload, packed.MSGPACK, 0), list[Book])


def attempt(encoded, kind):
    try:
        value = SIGNING.decode("k", encoded, kind)
    except (UnreadableError, TypeNeededError):
        return
    if kind is int:
        assert type(value) is int
    elif kind is not Any:
        assert type(value) is list
        assert all(type(each) is Book for each in value)


def test_a_slot_without_a_value_is_none():
    with pytest.raises(UnreadableError):
        CODEC.decode("k", Frame(b"12345678"))


def test_deep_nesting_is_damage():
    with pytest.raises(UnreadableError):
        CODEC.decode("k", Encoded(b"\x91" * 100_000 + b"\xc0", packed.MSGPACK, 0))


# --- Pickle ---------------------------------------------------------------------------------------


def test_pickle_is_by_choice_and_only_for_what_needs_it():
    assert SIGNING.encode("k", Thing(1)).codec == PICKLED
    assert SIGNING.encode("k", {"a": (1,)}).codec == packed.EXTENDED
    assert round_trip(Thing([1]), SIGNING) == Thing([1])
    assert round_trip(Thing(["long"] * 1000), SIGNING) == Thing(["long"] * 1000)


class Speaks(Protocol):
    def speak(self): ...


@pytest.mark.parametrize("kind", [Any, Thing, Thing | None, Optional[Thing], Speaks])  # noqa: UP045
def test_a_pickle_is_read_as_what_it_may_be(kind):
    assert SIGNING.decode("k", SIGNING.encode("k", Thing(1)), kind) == Thing(1)


@pytest.mark.parametrize("kind", [int, list[Thing], int | None, dict[str, int] | str, None])
def test_a_pickle_of_something_else_is_no_value(kind):
    with pytest.raises(UnreadableError, match="Thing"):
        SIGNING.decode("k", SIGNING.encode("k", Thing(1)), kind)


class Bomb:
    exploded = False

    def __reduce__(self):
        return _explode, ()


def _explode():
    Bomb.exploded = True


@pytest.mark.parametrize("codec", [CODEC, Codec(pickle_key=b"another key of 32 bytes.........")])
def test_a_pickle_that_was_not_signed_here_is_never_loaded(codec):
    encoded = SIGNING.encode("k", Bomb())
    with pytest.raises(UnreadableError, match="not signed"):
        codec.decode("k", encoded)
    assert codec.forged == 1
    assert not Bomb.exploded


def test_a_signed_pickle_cannot_be_moved_to_another_key():
    encoded = SIGNING.encode("k", Thing(1))
    for other in ("j", "other"):
        with pytest.raises(UnreadableError):
            SIGNING.decode(other, encoded)
    with pytest.raises(UnreadableError):
        SIGNING.decode("k", encoded._replace(flags=COMPRESSED))


def test_a_key_that_is_too_short_is_refused_and_none_is_shown():
    with pytest.raises(ConfigError, match="5 bytes") as told:
        Codec(pickle_key=b"short")
    assert "short" not in str(told.value)
    assert "0123" not in repr(vars(SIGNING))


# --- Without msgspec ------------------------------------------------------------------------------

ALONE = """
import sys
sys.modules["msgspec"] = sys.modules["lz4"] = sys.modules["lz4.block"] = None
from surefoot.cache.values import codec, packed
from surefoot.errors import UncacheableError
packed.is_installed = codec.is_installed = lambda: False
c = codec.Codec()
for value in (None, True, 0, -1.5, "a" * 5000, b"b", 10**40):
    assert c.decode("k", c.encode("k", value), str | None) == value
try:
    c.encode("k", [1])
except UncacheableError as error:
    assert "surefoot[cache]" in str(error)
else:
    raise SystemExit("a list was written")
"""


def test_plain_values_need_no_package():
    assert printed(ALONE) == []


def test_importing_the_codec_loads_neither_package():
    program = (
        "import sys, surefoot.cache.values.codec; print({'msgspec', 'lz4'} & sys.modules.keys())"
    )
    assert printed(program) == ["set()"]


def test_plain_codecs_have_numbers_of_their_own():
    assert not plain.PLAIN & {packed.MSGPACK, packed.EXTENDED, PICKLED}
    assert math.isnan(round_trip(math.nan))
