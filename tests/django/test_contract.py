"""What Django's documentation promises of a cache, over every store, in both colours."""

import datetime as dt
import decimal
import time
import uuid

import pytest
from django.core.cache.backends.base import CacheKeyWarning
from django.utils.safestring import SafeString

NOTHING = object()
VALUES = [
    None, True, False, 0, -7, 2**70, 1.5, "", "text \N{SNOWMAN}", b"\x00\xff", [], [1, ["a"]],
    {}, {"a": {"b": [None]}}, {1: "one", (2, 3): "pair"}, (1, (2,)), {1, 2}, frozenset({"a"}),
    dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC), dt.date(2026, 1, 2), dt.timedelta(1, 2),
    decimal.Decimal("1.10"), uuid.UUID(int=7), SafeString("<b>"),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_set_is_got_as_what_it_was(cache, value):
    cache.set("k", value)
    found = cache.get("k", NOTHING)
    assert found == value
    assert type(found) is type(value)


def test_safe_text_stays_safe_inside_of_others(cache):
    cache.set("k", {"a": [SafeString("<b>")], "b": "<b>"})
    found = cache.get("k")
    assert type(found["a"][0]) is SafeString
    assert type(found["b"]) is str


def test_what_is_not_there_is_the_default(cache):
    assert cache.get("k") is None
    assert cache.get("k", 7) == 7
    assert not cache.has_key("k")


def test_none_is_a_value(cache):
    cache.set("k", None)
    assert cache.get("k", 7) is None
    assert cache.has_key("k")
    assert cache.get_or_set("k", 7) is None
    assert not cache.add("k", 7)


def test_callers_share_no_object(cache):
    value = {"list": [1]}
    cache.set("k", value)
    value["list"].append(2)
    cache.get("k")["list"].append(3)
    assert cache.get("k") == {"list": [1]}


def test_in_asks_for_a_value(backend):
    cache = backend()
    assert "k" not in cache
    cache.set("k", 1)
    assert "k" in cache


def test_add_writes_only_where_there_is_nothing(cache):
    assert cache.add("k", 1) is True
    assert cache.add("k", 2) is False
    assert cache.get("k") == 1
    cache.delete("k")
    assert cache.add("k", 3) is True
    assert cache.get("k") == 3


def test_add_writes_where_a_value_has_ended(cache):
    cache.set("k", 1, 0.05)
    time.sleep(0.06)
    assert cache.add("k", 2) is True
    assert cache.get("k") == 2


def test_what_was_set_is_set_again(cache):
    cache.set("k", 1)
    cache.set("k", [2])
    assert cache.get("k") == [2]


def test_get_or_set_takes_a_value_or_a_function(cache):
    assert cache.get_or_set("a", 1) == 1
    assert cache.get_or_set("a", 2) == 1
    assert cache.get_or_set("b", lambda: [3]) == [3]
    assert cache.get_or_set("b", lambda: 1 / 0) == [3]
    assert cache.get("b") == [3]


def test_get_or_set_keeps_nothing_of_a_function_that_fails(cache):
    with pytest.raises(ZeroDivisionError):
        cache.get_or_set("k", lambda: 1 / 0)
    assert cache.get("k", NOTHING) is NOTHING
    assert cache.get_or_set("k", lambda: 4) == 4


def test_get_or_set_of_a_value_that_has_ended_keeps_nothing(cache):
    assert cache.get_or_set("k", lambda: 1, 0) == 1
    assert cache.get_or_set("k", lambda: 2, -5) == 2
    cache.set("k", 3)
    assert cache.get_or_set("k", lambda: 4, 0) == 3


def test_many_at_once(cache):
    assert cache.set_many({"a": 1, "b": None, "c": [3]}) == []
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": 1, "b": None, "c": [3]}
    assert cache.get_many(key for key in "ab") == {"a": 1, "b": None}
    assert cache.get_many([]) == {}
    cache.delete_many(["a", "c", "d"])
    assert cache.get_many("abc") == {"b": None}
    cache.delete_many([])
    assert cache.set_many({}) == []


def test_many_are_set_for_a_time(cache):
    cache.set_many({"a": 1, "b": 2}, 0.05)
    assert cache.get_many("ab") == {"a": 1, "b": 2}
    time.sleep(0.06)
    assert cache.get_many("ab") == {}
    cache.set_many({"a": 1})
    cache.set_many({"a": 2, "b": 2}, 0)
    assert cache.get_many("ab") == {}


def test_keys_come_back_as_they_were_given(cache):
    cache.set_many({1: "one", "two": 2})
    assert cache.get_many([1, "two"]) == {1: "one", "two": 2}
    assert cache.get("1") == "one"


def test_delete_says_whether_something_was_there(cache):
    cache.set("k", 1)
    assert cache.delete("k") is True
    assert cache.delete("k") is False
    assert cache.get("k") is None


def test_numbers_are_added_to(cache):
    cache.set("n", 41)
    assert cache.incr("n") == 42
    assert cache.incr("n", 10) == 52
    assert cache.decr("n") == 51
    assert cache.decr("n", 52) == -1
    assert cache.incr("n", -9) == -10
    assert cache.get("n") == -10
    cache.set("f", 0.5)
    assert cache.incr("f") == 1.5


@pytest.mark.parametrize("verb", ["incr", "decr", "incr_version", "decr_version"])
def test_what_is_not_there_cannot_be_added_to(cache, verb):
    with pytest.raises(ValueError, match="not found"):
        getattr(cache, verb)("n")
    assert not cache.has_key("n")


def test_adding_leaves_the_time_that_is_left(cache):
    cache.set("n", 1, 0.3)
    cache.incr("n")
    time.sleep(0.31)
    assert cache.get("n") is None


@pytest.mark.parametrize("timeout", [0, -1, -0.5])
def test_what_has_ended_already_is_not_kept(cache, timeout):
    cache.set("k", 1)
    cache.set("k", 2, timeout)
    assert cache.get("k") is None
    assert cache.add("k", 2, timeout) is True
    assert cache.get("k") is None
    cache.set("k", 1)
    assert cache.add("k", 2, timeout) is False
    assert cache.touch("k", timeout) is True
    assert cache.get("k") is None


@pytest.mark.parametrize("timeout", [None, 60 * 60 * 24 * 31, 10**12, 0.9])
def test_what_has_time_is_kept(cache, timeout):
    for verb in (cache.set, cache.add, cache.get_or_set):
        cache.delete("k")
        verb("k", 1, timeout)
        assert cache.get("k") == 1
    assert cache.touch("k", timeout) is True
    assert cache.get("k") == 1


def test_the_default_time_is_the_setting_s(make):
    short, endless = make(TIMEOUT=1), make(TIMEOUT=None)
    assert short.cache.default_timeout == 1
    short.set("a", 1)
    endless.set("b", 2)
    make(TIMEOUT=0).set("c", 3)
    assert short.get_many("abc") == {"a": 1, "b": 2}
    time.sleep(1.01)
    assert short.get_many("abc") == {"b": 2}


def test_touch_gives_another_time(cache):
    assert cache.touch("k") is False
    cache.set("k", "v", 0.1)
    assert cache.touch("k", 60) is True
    time.sleep(0.11)
    assert cache.get("k") == "v"
    assert cache.touch("k", 0.05) is True
    time.sleep(0.06)
    assert cache.get("k") is None
    assert cache.touch("k") is False


def test_versions_are_apart(make):
    cache, second = make(), make(VERSION=2)
    cache.set("k", 1)
    assert second.get("k") is None
    second.set("k", 2)
    assert (cache.get("k"), cache.get("k", version=2), second.get("k", version=1)) == (1, 2, 1)
    cache.set_many({"k": 3, "l": 3}, version=3)
    assert cache.get_many(["k", "l"], version=3) == {"k": 3, "l": 3}
    assert cache.has_key("l", version=3)
    assert not cache.has_key("l")
    assert cache.add("l", 4, version=4)
    assert cache.get_or_set("l", 5, version=4) == 4
    assert cache.incr("l", version=4) == 5
    assert cache.touch("l", version=4)
    assert not cache.touch("l")
    assert cache.delete("k", version=2)
    cache.delete_many(["k", "l"], version=3)
    assert cache.get_many(["k", "l"], version=3) == {}
    assert second.get("k") is None
    assert cache.get("k") == 1


def test_a_value_moves_to_another_version(cache):
    cache.set("k", "v", version=2)
    assert cache.incr_version("k", version=2) == 3
    assert cache.get("k", version=2) is None
    assert cache.get("k", version=3) == "v"
    assert cache.decr_version("k", 2, version=3) == 1
    assert cache.get("k") == "v"
    assert cache.incr_version("k") == 2
    assert cache.get("k") is None


def test_prefixes_are_apart(make):
    one, other = make(KEY_PREFIX="one"), make(KEY_PREFIX="other")
    one.set("k", 1)
    other.set("k", 2)
    assert (one.get("k"), other.get("k")) == (1, 2)
    one.delete("k")
    assert other.get("k") == 2


def upside_down(key, prefix, version):
    return f"{version}/{key}/{prefix}"


@pytest.mark.parametrize("function", [upside_down, f"{__name__}.upside_down"], ids=["f", "path"])
def test_a_function_of_the_settings_makes_keys(make, function):
    if isinstance(function, str):
        pytest.importorskip(__name__)
    cache = make(KEY_FUNCTION=function, KEY_PREFIX="p")
    cache.set("k", 1)
    assert cache.get("k") == 1
    assert cache.cache.make_key("k") == "1/k/p"
    assert make(KEY_PREFIX="p").get("k") is None


@pytest.mark.parametrize("key", ["x" * 251, "a b", "a\nb", "\x7f"], ids=repr)
def test_keys_that_memcached_would_not_take_warn_and_work(cache, key):
    for verb, arguments in [("set", (1,)), ("add", (2,)), ("incr", ()), ("touch", ())]:
        with pytest.warns(CacheKeyWarning):
            getattr(cache, verb)(key, *arguments)
    with pytest.warns(CacheKeyWarning):
        assert cache.get(key) == 2
    with pytest.warns(CacheKeyWarning):
        cache.set_many({key: 5})
    with pytest.warns(CacheKeyWarning):
        assert cache.get_many([key]) == {key: 5}
    with pytest.warns(CacheKeyWarning):
        cache.delete_many([key])
    with pytest.warns(CacheKeyWarning):
        assert not cache.delete(key)


@pytest.mark.parametrize("key", ["", "\N{SNOWMAN}", "=k", "#k", "a:b:c", "*", "x" * 240])
def test_keys_are_any_text(cache, key):
    cache.set(key, 1)
    cache.set("other", 2)
    assert cache.get(key) == 1


def test_clear_takes_all(cache):
    cache.set_many({str(number): number for number in range(300)})
    cache.set("k", 1, None, version=9, tags=["t"])
    cache.clear()
    assert cache.get_many(map(str, range(300))) == {}
    assert cache.get("k", version=9) is None
    cache.set("k", 2)
    assert cache.get("k") == 2


def test_clear_leaves_what_is_not_its_own(make, url):
    if url.startswith("memcached"):
        pytest.skip("Memcached cannot list its keys: everything goes")
    cache, other = make(), make({"name": "other"})
    cache.set("k", 1)
    other.set("k", 2)
    cache.clear()
    assert cache.get("k") is None
    assert other.get("k") == 2


def test_it_is_used_on_after_close(cache):
    cache.set("k", 1)
    cache.close()
    assert cache.get("k") == 1


def test_what_hangs_on_a_tag_goes_with_it(cache):
    cache.set("a", 1, tags=["x", "y"])
    cache.set_many({"b": 2, "c": 3}, tags=["y"])
    assert cache.add("d", 4, tags=["x"])
    assert cache.get_or_set("e", lambda: 5, tags=["x"]) == 5
    cache.set("f", 6)
    assert cache.incr("a") == 2
    assert cache.touch("d", 60)
    assert cache.get_many("abcdef") == {"a": 2, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6}
    assert cache.invalidate(tags=["x"])
    assert cache.get_many("abcdef") == {"b": 2, "c": 3, "f": 6}
    assert not cache.has_key("a")
    assert cache.add("a", 7)
    assert cache.invalidate(keys=["a"], tags=["y"])
    assert cache.get_many("abcdef") == {"f": 6}


def test_tags_of_one_prefix_are_no_other_s(make):
    one, other = make(KEY_PREFIX="one"), make(KEY_PREFIX="other")
    one.set("k", 1, tags=["t"])
    other.set("k", 2, tags=["t"])
    one.invalidate(tags=["t"])
    assert one.get("k") is None
    assert other.get("k") == 2
