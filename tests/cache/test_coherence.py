"""Copies in two processes' worth of caches, and what becomes of them when Redis cannot be heard."""

import os
import time

import pytest

from servers import wait_until
from surefoot.cache import Cache


@pytest.fixture(params=["2", "3"])
def pair(request, own_redis):
    caches = [
        Cache.from_url(f"{own_redis.url}?protocol={request.param}", name="t", local="1MB")
        for _ in range(2)
    ]
    yield own_redis, *caches
    for cache in caches:
        cache.close()


def copied(cache, key):
    """Wait until a copy is served."""

    def served():
        before = cache.counts.local
        cache.get(key)
        return cache.counts.local > before

    wait_until(served)


def test_a_copy_is_served_without_the_server(pair):
    server, _, reader = pair
    reader.set("k", "v", ttl=60)
    copied(reader, "k")
    before = server.counts()
    for _ in range(50):
        assert reader.get("k") == "v"
    assert server.counts().get("get", 0) == before.get("get", 0)


def test_what_another_changes_is_seen(pair):
    _, writer, reader = pair
    reader.set("k", 0, ttl=60)
    for number in range(1, 100):
        copied(reader, "k")
        writer.set("k", number, ttl=60)
        wait_until(lambda n=number: reader.get("k") == n)
    assert reader.counts.local >= 99, "each was read from a copy before it was changed"


def test_what_another_forgets_is_forgotten(pair):
    _, writer, reader = pair
    for number in range(30):
        reader.set("k", number, ttl=60, tags=["t"])
        copied(reader, "k")
        if number % 2:
            writer.invalidate(tags=["t"])
        else:
            writer.delete("k")
        wait_until(lambda: reader.get("k") is None)
    assert reader.counts.local >= 30, "each was read from a copy before it was forgotten"


def test_changes_by_strangers_are_seen(pair):
    server, _, reader = pair
    reader.set("k", 1, ttl=60)
    copied(reader, "k")
    server.said("FLUSHALL")
    wait_until(lambda: reader.get("k") is None)
    assert reader.local.table.counts().entries == 0


def test_a_frozen_server_s_copies_are_not_used(pair):
    server, _, reader = pair
    reader.set("k", 1, ttl=60)
    copied(reader, "k")
    server.freeze()
    try:
        wait_until(lambda: reader.local.watch.valid_until <= time.monotonic())
        assert reader.get("k", "nothing") == "nothing"
    finally:
        server.thaw()
    wait_until(lambda: reader.get("k") == 1)
    copied(reader, "k")


def test_a_killed_server_s_copies_are_not_used(pair):
    server, writer, reader = pair
    reader.set("k", 1, ttl=60)
    copied(reader, "k")
    server.kill()
    wait_until(lambda: reader.get("k", "nothing") == "nothing")
    assert reader.get_or_compute("k", lambda: 2, ttl=60) == 2
    server.start()
    wait_until(lambda: writer.set("k", 3, ttl=60))
    wait_until(lambda: reader.get("k") == 3)
    copied(reader, "k")


def test_a_fork_hears_for_itself(pair):
    _, writer, reader = pair
    reader.set("k", 1, ttl=60)
    copied(reader, "k")
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            copied(reader, "k")
            writer.set("k", 2, ttl=60)
            wait_until(lambda: reader.get("k") == 2)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    wait_until(lambda: reader.get("k") == 2)


def test_what_is_invalidated_while_the_server_is_away_is_late_and_not_lost(own_redis):
    cache = Cache.from_url(own_redis.url, name="t")
    cache.set("a", 1, ttl=60)
    cache.set("b", 1, ttl=60, tags=["t"])
    cache.set("c", 1, ttl=60)
    own_redis.freeze()
    try:
        assert not cache.invalidate(keys=["a"], tags=["t"])
    finally:
        own_redis.thaw()
    wait_until(lambda: cache.get("c") == 1)
    assert cache.get_many(["a", "b"]) == {}
    cache.close()
