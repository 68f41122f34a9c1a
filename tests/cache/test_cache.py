"""What a cache promises, over every store."""

import dataclasses
import datetime as dt
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from surefoot.errors import ConfigError, SecretError, UnitError


@dataclasses.dataclass(frozen=True)
class Book:
    number: int
    title: str
    published: dt.date


class Counted:
    """A function that counts its calls."""

    def __init__(self, *results, seconds=0.0):
        self.results = list(results)
        self.seconds = seconds
        self.calls = 0

    def __call__(self):
        self.calls += 1
        time.sleep(self.seconds)
        result = self.results[min(self.calls, len(self.results)) - 1]
        if isinstance(result, Exception):
            raise result
        return result


VALUES = [None, 0, False, "", [], {}, 1, 1.5, "text", b"\x00\xff", [1, [2]], {"a": {"b": None}}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_set_is_got(cache, value):
    assert cache.set("k", value, ttl=60)
    found = cache.get("k", default="nothing")
    assert found == value
    assert type(found) is type(value)


def test_what_is_not_there_is_the_default(cache):
    assert cache.get("k") is None
    assert cache.get("k", 7) == 7


@pytest.mark.parametrize("key", ["", " ", "a b\n", "\0", "x" * 5000, "\N{SNOWMAN}", "=k", "#k"])
def test_keys_are_any_text(cache, key):
    cache.set(key, 1, ttl=60)
    cache.set("other", 2, ttl=60)
    assert cache.get(key) == 1


def test_many_are_got_and_set_at_once(cache):
    assert cache.set_many({"a": 1, "b": None, "c": [3]}, ttl=60)
    assert cache.get_many(["a", "b", "c", "d", "a"]) == {"a": 1, "b": None, "c": [3]}
    assert cache.get_many([]) == {}
    assert cache.set_many({}, ttl=60)


def test_a_value_ends(cache):
    cache.set("k", 1, ttl=0.05)
    time.sleep(0.06)
    assert cache.get("k") is None


def test_what_is_deleted_is_gone(cache):
    cache.set_many({"a": 1, "b": 2, "c": 3}, ttl=60)
    assert cache.delete("a", "b", "nothing")
    assert cache.get_many(["a", "b", "c"]) == {"c": 3}


def test_what_hangs_on_a_tag_goes_with_it(cache):
    cache.set("a", 1, ttl=60, tags=["x", "y"])
    cache.set("b", 2, ttl=60, tags=["y"])
    cache.set("c", 3, ttl=60)
    assert cache.get_many("abc") == {"a": 1, "b": 2, "c": 3}
    cache.invalidate(tags=["x"])
    assert cache.get_many("abc") == {"b": 2, "c": 3}
    cache.set("a", 4, ttl=60, tags=["x"])
    assert cache.get("a") == 4


def test_numbers_are_added_to(cache):
    assert cache.incr("n", ttl=60) == 1
    assert cache.incr("n", 5, ttl=60) == 6
    assert cache.incr("n", -10, ttl=60) == -4
    assert cache.get("n") == -4


def test_threads_that_add_lose_nothing(cache):
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: cache.incr("n", ttl=60), range(200))) == list(
            range(1, 201)
        )


def test_objects_come_back_to_who_says_what_they_are(cache):
    book = Book(7, "A Bridge", dt.date(1999, 1, 2))
    assert cache.get_or_compute("k", lambda: book, ttl=60, type=Book) == book
    assert cache.get("k", type=Book) == book


@pytest.mark.parametrize("result", [None, 0, [], "x"], ids=repr)
def test_a_value_is_computed_once(cache, result):
    compute = Counted(result, "another")
    for _ in range(3):
        assert cache.get_or_compute("k", compute, ttl=60) == result
    assert compute.calls == 1


def test_nothing_may_have_a_time_of_its_own(cache):
    compute = Counted(None, 2)
    assert cache.get_or_compute("k", compute, ttl=60, negative_ttl=0.05) is None
    time.sleep(0.06)
    assert cache.get_or_compute("k", compute, ttl=60, negative_ttl=0.05) == 2


def test_threads_compute_once(make):
    caches = [make(), make()]
    compute = Counted("v", seconds=0.2)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(caches[n % 2].get_or_compute, "k", compute, ttl=60) for n in range(20)]
        assert {each.result() for each in asked} == {"v"}
    shared = not type(caches[0]._slots.store).__name__.startswith("Memory")
    assert compute.calls == (1 if shared else 2)


def test_the_stale_value_is_served_while_one_computes(cache):
    compute = Counted("old", "new", seconds=0.0)
    terms = {"ttl": 0.05, "stale": 60}
    cache.get_or_compute("k", compute, **terms)
    time.sleep(0.06)
    begun, go = threading.Event(), threading.Event()

    def slow():
        begun.set()
        go.wait(20)
        return "new"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.get_or_compute, "k", slow, **terms)
        begun.wait(20)
        assert [cache.get_or_compute("k", slow, **terms) for _ in range(5)] == ["old"] * 5
        assert cache.get("k") is None
        go.set()
        assert first.result() == "new"
    assert cache.counts.stale == 5


def test_nothing_is_served_past_its_end(cache):
    compute = Counted("old", "new")
    terms = {"ttl": 0.03, "stale": 0.03}
    cache.get_or_compute("k", compute, **terms)
    time.sleep(0.08)
    assert cache.get_or_compute("k", compute, **terms) == "new"


def test_an_error_is_raised_where_there_is_nothing_to_serve(cache):
    compute = Counted(ValueError("no"), "yes")
    with pytest.raises(ValueError, match="no"):
        cache.get_or_compute("k", compute, ttl=60)
    assert cache.get_or_compute("k", compute, ttl=60) == "yes"


def test_the_stale_value_is_served_instead_of_an_error(cache, caplog):
    compute = Counted("old", ValueError("no"))
    terms = {"ttl": 0.05, "stale": 60}
    cache.get_or_compute("k", compute, **terms)
    time.sleep(0.06)
    assert [cache.get_or_compute("k", compute, **terms) for _ in range(5)] == ["old"] * 5
    assert compute.calls == 2, "what fails is not asked all the time"
    assert "ValueError: no" in caplog.text


@pytest.mark.parametrize("how", ["key", "tag", "set"])
def test_a_reader_cannot_put_back_what_a_writer_has_changed(make, how):
    reader = make()
    writer = make() if reader._slots.store.__class__.__name__ != "MemoryStore" else reader

    def compute():
        # Read before the write, finished after it.
        if how == "set":
            writer.set("k", "new", ttl=60, tags=["t"])
        else:
            writer.invalidate(**({"keys": ["k"]} if how == "key" else {"tags": ["t"]}))
        return "old"

    assert reader.get_or_compute("k", compute, ttl=60, tags=["t"]) == "old"
    assert writer.get("k", "nothing") == ("new" if how == "set" else "nothing")
    assert reader.counts.late == (how != "tag")


def test_who_asks_after_an_invalidation_gets_no_value_of_before(cache):
    begun, go = threading.Event(), threading.Event()

    def old():
        begun.set()
        go.wait(20)
        return "old"

    with ThreadPoolExecutor(2) as pool:
        before = pool.submit(cache.get_or_compute, "k", old, ttl=60)
        begun.wait(20)
        cache.invalidate(keys=["k"])
        after = pool.submit(cache.get_or_compute, "k", lambda: "new", ttl=60)
        time.sleep(0.05)
        go.set()
        assert before.result() == "old"
        assert after.result() == "new"
    assert cache.get("k") == "new"


def test_damaged_slots_are_computed_anew(cache):
    cache.set("k", [1, 2, 3], ttl=60)
    store, slot = cache._slots.store, cache.names.slot("k")
    (data,) = store.get([slot])
    for damaged in (data[:-1], b"", b"rubbish", data[:20]):
        store.put({slot: damaged}, 60)
        assert cache.get("k", "nothing") == "nothing"
        assert cache.get_or_compute("k", lambda: [4], ttl=60) == [4]


def test_secrets_are_refused_and_nothing_is_held_up(cache):
    with pytest.raises(SecretError, match="password"):
        cache.set("k", {"user": {"password": "x"}}, ttl=60)
    with pytest.raises(SecretError, match="password"):
        cache.get_or_compute("k", lambda: {"password": "x"}, ttl=60)
    assert cache.get_or_compute("k", lambda: 1, ttl=60) == 1


def test_a_value_that_is_too_large_is_not_kept_and_no_error(cache, caplog):
    compute = Counted(os.urandom(2_048_000))
    for _ in range(2):
        assert len(cache.get_or_compute("k", compute, ttl=60)) == 2_048_000
    assert not cache.set("k", compute(), ttl=60)
    assert compute.calls == 3
    assert "the cache takes" in caplog.text


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"ttl": 0}, ConfigError),
        ({"ttl": "soon"}, UnitError),
        ({"ttl": 1, "stale": -1}, ConfigError),
    ],
)
def test_terms_that_cannot_be_are_refused(cache, terms, error):
    with pytest.raises(error):
        cache.get_or_compute("k", int, **terms)


def test_names_keep_caches_apart(url):
    from surefoot.cache import Cache

    one, other = (Cache.from_url(url, name=name) for name in ("one", "other"))
    one.set("k", 1, ttl=60)
    assert other.get("k") is None
    one.close()
    other.close()
    with pytest.raises(ConfigError):
        Cache.from_url(url, name="a:b")
