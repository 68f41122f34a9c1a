"""What shared stores hold of each cache, as telemetry and `surefoot cache stats` tell it."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest

from command import run_surefoot
from servers import wait_until
from surefoot.cache import AsyncCache, Cache
from surefoot.cache.registry import totals
from surefoot.core.cache.holding import Holding
from surefoot.core.worker import CacheTotal
from surefoot.errors import StoreError
from surefoot.stores import census
from surefoot.stores.census import Census
from surefoot.stores.guarded import Guarded
from surefoot.stores.memory import MemoryStore


@pytest.fixture(params=["sqlite", "redis", "redis_unix"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cache.db"
    return f"{request.getfixturevalue(request.param).url}?timeout=20s"


@pytest.fixture
def name():
    return f"books-{uuid4().hex[:8]}"


def shared(name):
    (found,) = [total for total in totals() if (total.name, total.tier) == (name, "shared")]
    return found.entries, found.bytes


def test_telemetry_and_the_command_tell_the_same(url, name, tmp_path):
    caches = [Cache.from_url(url, name=name) for _ in range(2)]
    caches[0].set_many({str(number): "x" * number for number in range(700)}, ttl=60, tags=["t"])
    caches[1].incr("n", ttl=60)
    told = run_surefoot(tmp_path, "cache", "stats", "--url", url, "--name", name, "--json").stdout
    (stats,) = json.loads(told)["caches"]
    assert shared(name) == (stats["values"], stats["bytes"])
    assert stats["values"] == 701
    for cache in caches:
        cache.close()


def test_a_cache_for_event_loops_is_counted_from_any_thread(url, name):
    cache = AsyncCache.from_url(url, name=name)

    async def work():
        await cache.set("k", "value", ttl=60)
        await cache.close()

    asyncio.run(work())
    entries, size = shared(name)
    assert entries == 1
    assert size > 5


def test_a_count_is_made_again_but_not_at_every_look(url, name):
    cache = Cache.from_url(url, name=name)
    assert shared(name) == (0, 0)
    cache.set("k", "value", ttl=60)
    assert shared(name) == (0, 0)
    wait_until(lambda: shared(name)[0] == 1)
    cache.close()


def test_a_store_that_takes_too_long_to_count_is_not_counted(url, name, monkeypatch):
    monkeypatch.setattr(census, "_LONGEST", 0.0)
    cache = Cache.from_url(url, name=name)
    cache.set("k", "value", ttl=60)
    assert shared(name) == (None, None)
    cache.close()


class Away(MemoryStore):
    """Answers nothing, and is asked for no list."""

    asked = 0

    def get(self, keys):
        raise StoreError(f"down: {keys}")

    def listed(self):
        self.asked += 1
        return iter(())


def test_a_store_that_is_away_is_not_asked(name):
    store = Guarded(Away())
    assert Census().of(store, name) == Holding(name)
    with pytest.raises(StoreError):
        store.get(["k"])
    assert Census().of(store, name) is None
    assert store.store.asked == 1
    store.close()


def test_memcached_cannot_tell(memcached, name):
    cache = Cache.from_url(f"{memcached.url}?timeout=20s", name=name)
    cache.set("k", "value", ttl=60)
    assert shared(name) == (None, None)
    cache.close()


def test_what_workers_see_alike_is_not_summed():
    one = CacheTotal("a", "shared", hits=1, entries=5, bytes=50)
    other = CacheTotal("a", "shared", hits=2, entries=7, bytes=40)
    assert one.plus(other) == CacheTotal("a", "shared", hits=3, entries=7, bytes=50)
