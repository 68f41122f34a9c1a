"""Functions whose results are kept."""

import dataclasses
import threading

import pytest

from surefoot.cache import Cache
from surefoot.errors import CacheKeyError


@dataclasses.dataclass
class Book:
    number: int
    tags: list[str]


calls: list[object] = []


def number(n: int, factor: int = 2) -> int:
    calls.append((n, factor))
    return n * factor


def book(n: int) -> Book:
    calls.append(n)
    return Book(n, ["a"])


def rows(n: int) -> list[int]:
    calls.append(n)
    return [n]


class Shop:
    def __init__(self, name):
        self.name = name

    def __cache_key__(self):
        return self.name

    def price(self, n: int) -> int:
        calls.append((self.name, n))
        return n


async def coroutine() -> int:
    return 1


@pytest.fixture(autouse=True)
def no_calls():
    calls.clear()


@pytest.fixture(params=[None, "1MB"], ids=["store", "local"])
def cache(request, make):
    return make(local=request.param)


def test_a_function_is_called_once_for_its_arguments(cache):
    kept = cache.cached(ttl=60)(number)
    assert [kept(1), kept(1), kept(n=1), kept(1, 2), kept(1, factor=2)] == [2] * 5
    assert calls == [(1, 2)]
    assert kept(True) == 2
    assert kept(2, 3) == 6
    assert calls == [(1, 2), (True, 2), (2, 3)]


def test_it_knows_its_key_and_forgets_by_it(cache):
    kept = cache.cached(ttl=60)(number)
    kept(1)
    assert cache.get(kept.key(1), type=int) == 2
    kept.invalidate(1)
    kept(1)
    assert calls == [(1, 2), (1, 2)]
    assert kept.__name__ == "number"


def test_its_results_hang_on_tags(cache):
    kept = cache.cached(ttl=60, tags=lambda n: [f"book:{n}"])(book)
    other = cache.cached(ttl=60, tags=["books"])(rows)
    for _ in range(2):
        kept(1), kept(2), other(3)
    assert calls == [1, 2, 3]
    cache.invalidate(tags=["book:1", "books"])
    kept(1), kept(2), other(3)
    assert calls == [1, 2, 3, 1, 3]


def test_results_come_back_as_what_the_function_says(cache):
    kept = cache.cached(ttl=60)(book)
    for _ in range(4):
        assert kept(1) == Book(1, ["a"])


def test_what_can_be_changed_is_nobody_else_s(cache):
    kept = cache.cached(ttl=60)(rows)
    kept(1)
    for _ in range(3):
        mine = kept(1)
        mine.append(99)
        assert kept(1) == [1]


def test_methods_are_kept_by_their_object_s_key(cache):
    kept = cache.cached(ttl=60)(Shop.price)
    one, other = Shop("one"), Shop("other")
    assert [kept(one, 1), kept(Shop("one"), 1), kept(other, 1)] == [1, 1, 1]
    assert calls == [("one", 1), ("other", 1)]


def test_a_key_of_one_s_own(cache):
    kept = cache.cached(ttl=60, key=lambda n: n % 10)(number)
    assert [kept(1), kept(11), kept(21)] == [2, 2, 2]
    assert calls == [(1, 2)]


def test_arguments_that_cannot_be_told_apart_are_refused(cache):
    kept = cache.cached(ttl=60)(number)
    with pytest.raises(CacheKeyError):
        kept(object())


def test_coroutine_functions_are_for_the_other_colour(cache):
    with pytest.raises(TypeError, match="AsyncCache"):
        cache.cached(ttl=60)(coroutine)


def test_a_stop_of_the_world_between_two_threads(make):
    """Many threads that read and forget see no value of before their own forgetting."""
    cache = make(local="1MB")
    value = [0]
    kept = cache.cached(ttl=60, name="current")(lambda: value[0])
    lock = threading.Lock()
    wrong = []

    def write():
        for _ in range(30):
            with lock:
                value[0] += 1
                kept.invalidate()
                seen = kept()
                if seen != value[0]:
                    wrong.append((seen, value[0]))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_hit_is_counted():
    cache = Cache.from_url("memory://", local="1MB")
    kept = cache.cached(ttl=60)(number)
    for _ in range(5):
        kept(1)
    assert cache.local.table.counts().hits == 3
    assert (cache.counts.computed, cache.counts.hits) == (1, 1)
    cache.close()
