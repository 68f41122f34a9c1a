"""What is kept, what is refused, and what is left out."""

import os

import pytest

from programs import printed
from surefoot.errors import ConfigError, UncacheableError, UnitError


class Point:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return self.x == other.x

    __hash__ = None

    def __repr__(self):
        return f"Point({self.x})"


OBJECTS = [Point(1), [Point(1)], {"a": (Point(1),)}, object, range(3)]


@pytest.mark.parametrize("value", OBJECTS, ids=repr)
def test_what_needs_pickle_is_refused_with_its_type(cache, value):
    writes = [
        lambda: cache.set("k", value),
        lambda: cache.add("k", value),
        lambda: cache.set_many({"a": 1, "k": value}),
        lambda: cache.get_or_set("k", lambda: value),
    ]
    for write in writes:
        with pytest.raises(UncacheableError, match=r"Point|type|range") as error:
            write()
        assert "pickle" in str(error.value)
    assert cache.get_many("ak") == {}
    assert cache.get_or_set("k", 1) == 1


@pytest.mark.parametrize("value", OBJECTS[:3], ids=repr)
@pytest.mark.parametrize("options", [{"pickle": True}, {"pickle_key": b"k" * 32}], ids=repr)
def test_pickle_is_a_choice(make, value, options):
    cache = make(options)
    cache.set("k", value)
    assert cache.get("k") == value
    assert cache.get_or_set("l", lambda: value) == value
    assert cache.get_many("kl") == {"k": value, "l": value}
    # To one who may not unpickle it is nothing.
    assert make().get("k") is None


def test_a_pickle_of_another_key_is_nothing(make):
    make({"pickle": True}).set("k", Point(1))
    assert make({"pickle_key": b"another " * 4}).get("k") is None


def test_what_cannot_be_pickled_is_refused(make):
    with pytest.raises(UncacheableError, match="pickled"):
        make({"pickle": True}).set("k", lambda: 1)


def test_secrets_are_not_kept_and_nothing_fails(cache, caplog):
    user = {"name": "A", "password": "pbkdf2_sha256$1$salt$hash"}
    cache.set("k", 1)
    cache.set("k", user)
    assert cache.get("k") is None
    assert cache.add("k", user) is False
    assert cache.get_or_set("k", lambda: user) == user
    assert cache.set_many({"a": 1, "k": user}) == ["k"]
    assert cache.get_many("ak") == {"a": 1}
    assert "['password']" in caplog.text
    assert user["password"] not in caplog.text


def test_who_allows_secrets_keeps_them(make):
    cache = make({"allow_secrets": True})
    cache.set("k", {"password": "x"})
    assert cache.get("k") == {"password": "x"}


def test_what_is_too_large_is_not_kept_and_nothing_fails(make, caplog):
    cache = make({"max_bytes": "100kB", "compress_above": None})
    large = os.urandom(200_000)
    cache.set("k", 1)
    cache.set("k", large)
    assert cache.get("k") is None
    assert cache.set_many({"a": 1, "k": large}) == ["k"]
    assert cache.get_or_set("k", lambda: large) == large
    assert "the cache takes" in caplog.text


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"MAX_ENTRIES": 100}, ConfigError, "max_bytes"),
        ({"CULL_FREQUENCY": 3}, ConfigError, "means nothing"),
        ({"CLIENT_CLASS": "x"}, ConfigError, "CLIENT_CLASS"),
        ({"pickle": "yes"}, ConfigError, "True or False"),
        ({"pickle": True, "pickle_key": b"k" * 32}, ConfigError, "one of them"),
        ({"pickle_key": "text" * 8}, ConfigError, "bytes"),
        ({"pickle_key": b"short"}, ConfigError, "16"),
        ({"local": "much"}, UnitError, "much"),
        ({"name": "a b"}, ConfigError, "a b"),
    ],
)
def test_options_that_cannot_be_are_refused(options, error, words):
    from surefoot.web.django import Cache

    with pytest.raises(error, match=words):
        Cache("memory://", {"OPTIONS": options})


@pytest.mark.parametrize("location", ["", "127.0.0.1:11211", "locmem", ["redis://a", "redis://b"]])
def test_locations_that_cannot_be_are_refused(location):
    from surefoot.web.django import Cache

    with pytest.raises(ConfigError):
        Cache(location, {})


WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(["msgspec", "lz4", "redis", "pymemcache"]))
from django.conf import settings

settings.configure(SECRET_KEY="x" * 50)
from django.utils.safestring import SafeString
from surefoot.errors import UncacheableError
from surefoot.web.django import Cache
from surefoot.web.django.shared import close_all

for url in ("memory://", "sqlite:///" + sys.argv[1]):
    cache, pickles = Cache(url, {}), Cache(url, {"OPTIONS": {"pickle": True, "name": "p"}})
    for value in (SafeString("<b>"), b"x", {"a": [1, 2.5, None, "\\u2603", True]}, [], 2**70):
        cache.set("k", value)
        found = cache.get("k")
        assert found == value and type(found) is type(value), value
    for value in ((1,), {1: 2}, [b"x"], {"a": {1}}):
        try:
            cache.set("k", value)
        except UncacheableError as error:
            assert "surefoot[cache]" in str(error)
        else:
            raise AssertionError(value)
        pickles.set("k", value)
        assert pickles.get("k") == value
    long = {"a": "b" * 100_000}
    cache.set("k", long)
    assert cache.get("k") == long
close_all()
print("well")
"""


def test_plain_values_need_no_package(tmp_path):
    assert printed(WITHOUT, str(tmp_path / "cache.db")) == ["well"]
