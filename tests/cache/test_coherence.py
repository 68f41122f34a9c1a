"""Copies in two processes' worth of caches, and what becomes of them when Redis cannot be heard."""

import os
import time

import pytest

from servers import wait_until
from surefoot.cache import Cache
from surefoot.core.breaker import Position


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


class Shop:
    """What is true, and two processes' worth of caches that look at it."""

    def __init__(self, url, **options):
        self.title = "old"
        self.writer, self.reader = (Cache.from_url(url, name="t", **options) for _ in range(2))

    def read(self, cache, key="k"):
        return cache.get_or_compute(key, lambda: self.title, ttl=600, stale=600, tags=["book"])

    def close(self):
        self.writer.close()
        self.reader.close()


@pytest.fixture(params=["", "1MB"], ids=["no copies", "copies"])
def shop(request, own_redis):
    made = Shop(own_redis.url, local=request.param or None)
    yield made
    made.close()


def test_an_invalidation_that_met_a_server_frozen_for_three_seconds_holds(shop, own_redis):
    assert [shop.read(shop.writer), shop.read(shop.reader)] == ["old", "old"]
    own_redis.freeze()
    try:
        shop.title = "new"
        assert not shop.writer.invalidate(tags=["book"])
        assert shop.read(shop.writer) == "new", "who changed it never sees what was before"
        # Longer than any copy may be used.
        frozen_until = time.monotonic() + 3
        while time.monotonic() < frozen_until:
            assert shop.read(shop.writer) == "new"
            time.sleep(0.02)
        assert shop.read(shop.reader) == "new"
    finally:
        own_redis.thaw()
    # The reader may be back before the writer; what the writer owes it pays when it is back, and
    # from then on nobody sees what was before.
    while shop.writer._slots.store.state is not Position.CLOSED:
        assert shop.read(shop.writer) == "new"
        time.sleep(0.002)
    wait_until(lambda: shop.read(shop.reader) == "new")
    wait_until(lambda: shop.reader._slots.store.state is Position.CLOSED)
    for _ in range(200):
        assert shop.read(shop.reader) == shop.read(shop.writer) == "new"


def test_more_invalidations_than_can_be_remembered_hold(own_redis):
    shop = Shop(own_redis.url)
    keys = [f"k{number}" for number in range(300)]
    for key in keys:
        shop.read(shop.reader, key)
    store = shop.writer._slots.store
    store._remember = 100
    shop.writer.get("k0")
    own_redis.freeze()
    try:
        shop.title = "new"
        for key in keys:
            assert not shop.writer.invalidate(keys=[key])
    finally:
        own_redis.thaw()
    wait_until(lambda: store.state is Position.CLOSED)
    assert store.lost == 0
    wait_until(lambda: shop.reader._slots.store.state is Position.CLOSED)
    assert {shop.read(shop.reader, key) for key in keys} == {"new"}
    shop.close()
