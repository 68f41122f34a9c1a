"""A store that is away is an empty cache, and what was forgotten meanwhile stays forgotten."""

import pytest

from servers import wait_until


@pytest.fixture
def url(own_redis):
    return own_redis.url


def test_nothing_raises(cache, own_redis):
    cache.set_many({"a": 1, "n": 1})
    own_redis.kill()
    assert cache.get("a", 7) == 7
    assert cache.get_many(["a", "n"]) == {}
    assert cache.has_key("a") is False
    assert cache.set("a", 2) is None
    assert cache.set_many({"a": 3, "b": 4}) == ["a", "b"]
    assert cache.add("l", 1) is False
    assert cache.add("django.contrib.sessions.cachek", {}) is True
    assert cache.touch("a") is False
    assert cache.delete("a") is False
    assert cache.delete_many(["a", "b"]) is None
    assert cache.invalidate(tags=["t"]) is False
    assert cache.clear() is False
    for verb in ("incr", "decr", "incr_version", "decr_version"):
        with pytest.raises(ValueError, match="not found"):
            getattr(cache, verb)("n")
    calls = []
    for _ in range(2):
        assert cache.get_or_set("g", lambda: calls.append(1) or 8) == 8
    assert len(calls) == 2
    own_redis.start()
    wait_until(lambda: cache.set("b", 5) or cache.get("b") == 5)


FORGOTTEN = {
    "delete": lambda cache: cache.delete("k"),
    "set": lambda cache: cache.set("k", "new"),
    "set with tags": lambda cache: cache.set("k", "new", tags=["t"]),
    "tag": lambda cache: cache.invalidate(tags=["t"]),
    "clear": lambda cache: cache.clear(),
}


@pytest.mark.parametrize("how", FORGOTTEN)
def test_what_is_forgotten_meanwhile_does_not_come_back(cache, own_redis, how):
    cache.set("k", "old", None, tags=["t"])
    assert cache.get("k") == "old"
    own_redis.freeze()
    FORGOTTEN[how](cache)
    assert cache.get("k") is None
    own_redis.thaw()
    seen = set()

    def answers():
        seen.add(cache.get("k"))
        cache.set("other", 1)
        return cache.get("other") == 1

    wait_until(answers)
    seen.add(cache.get("k"))
    assert seen <= {None, "new"}
