"""What copies in the process would have served is what copies in the process serve."""

from __future__ import annotations

import asyncio
import itertools
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server_fixtures import memcached, own_redis, redis  # noqa: F401 - fixtures
from surefoot.cache import AsyncCache, Cache
from surefoot.cache.local import Local
from surefoot.cache.names import Names
from surefoot.core.worker import POSSIBLE, POSSIBLE_UNHEARD
from surefoot.stores import from_url
from surefoot.telemetry import Options, Recorder
from surefoot.telemetry.possible import LARGEST, Possible
from surefoot.testing import Receiver

NAMES = st.sampled_from(["a", "b", "c"])
DEEDS = st.one_of(
    st.tuples(st.just("get"), NAMES),
    st.tuples(st.just("get_many"), st.just("a")),
    st.tuples(st.just("load"), NAMES),
    st.tuples(st.just("set"), NAMES),
    st.tuples(st.just("set tagged"), NAMES),
    st.tuples(st.just("delete"), NAMES),
    st.tuples(st.just("invalidate"), st.sampled_from(["odd", "load"])),
)
_numbers = itertools.count()


class Noting:
    """A store that tells of each read."""

    def __init__(self):
        self.store = from_url("memory://")
        self.possible = Possible()

    def get(self, keys):
        slots = self.store.get(keys)
        self.possible.saw(keys, slots, heard=True)
        return slots

    def __getattr__(self, name):
        return getattr(self.store, name)


def do(cache, deeds):
    number = itertools.count()
    for deed, name in deeds:
        if deed == "get":
            cache.get(name)
        elif deed == "get_many":
            cache.get_many(["a", "b"])
        elif deed == "load":
            # One whose reader knows its tags beforehand.
            cache.get_or_compute(f"load {name}", lambda: next(number), ttl=60, tags=["load"])
        elif deed == "set":
            cache.set(name, next(number), ttl=60)
        elif deed == "set tagged":
            cache.set(name, next(number), ttl=60, tags=["odd"])
        elif deed == "delete":
            cache.delete(name)
        else:
            cache.invalidate(tags=[name])


@given(st.lists(DEEDS, max_size=60))
@settings(max_examples=200)
def test_it_counts_what_copies_serve(deeds):
    single = [deed for deed in deeds if deed[0] != "get_many"]
    store = Noting()
    do(Cache(store, name="noted"), single)
    names = Names("copied")
    local = Local(1_000_000, names)
    do(Cache(from_url("memory://"), name="copied", local=local), single)
    (possible,) = store.possible.totals() or (None,)
    assert (possible.hits if possible else 0) == local.total("copied").hits


@given(st.lists(DEEDS, max_size=60))
def test_a_read_of_several_is_spared_only_where_all_are(deeds):
    store = Noting()
    do(Cache(store, name="noted"), deeds)
    for total in store.possible.totals():
        assert total.hits >= 0
        assert total.misses >= 0
        assert total.bytes >= 300 * total.entries


def test_what_ends_is_read_anew():
    store = Noting()
    cache = Cache(store, name="noted")
    cache.set("k", 1, ttl=0.001)
    while cache.get("k") is not None:
        pass
    before = store.possible.totals()[0].hits
    cache.get("k")
    assert store.possible.totals()[0].hits == before


def test_copies_are_counted_up_to_a_size():
    store = Noting()
    cache = Cache(store, name="noted")
    for number in range(90):
        cache.set(str(number), os.urandom(900_000), ttl=60)
        cache.get(str(number))
    (total,) = store.possible.totals()
    assert total.bytes <= LARGEST
    assert total.evictions > 0


@pytest.fixture
def hooked():
    """The hooks of stores, in this process and for this test."""
    import surefoot.stores._async.guarded as loops
    import surefoot.stores._sync.guarded as threads
    from surefoot.telemetry.hooks import async_stores, stores

    guarded = [threads.Guarded, loops.AsyncGuarded]
    before = [{verb: getattr(each, verb) for verb in stores.VERBS} for each in guarded]
    with Receiver() as receiver:
        recorder = Recorder(Options(records=receiver.path, sample_hz=0))
        stores.install(threads, recorder)
        async_stores.install(loops, recorder)
        yield recorder
        recorder.close()
    for each, verbs in zip(guarded, before, strict=True):
        for verb, function in verbs.items():
            setattr(each, verb, function)


@pytest.mark.parametrize(
    ("kind", "tier"),
    [("redis", POSSIBLE), ("memcached", POSSIBLE_UNHEARD), ("sqlite", POSSIBLE_UNHEARD)],
)
def test_stores_are_noted_by_whether_they_tell_of_changes(request, tmp_path, hooked, kind, tier):
    url = f"sqlite:///{tmp_path}/c.db"
    if kind != "sqlite":
        url = request.getfixturevalue(kind).url
    name = f"possible{next(_numbers)}"
    cache = Cache.from_url(url, name=name)
    cache.set("k", 1, ttl=60)
    for _ in range(3):
        cache.get("k")
    cache.close()
    (total,) = (each for each in hooked.pulse.possible.totals() if each.name == name)
    assert (total.tier, total.hits, total.misses) == (tier, 2, 1)


def test_event_loops_are_noted_too(hooked, tmp_path):
    async def read():
        cache = AsyncCache.from_url(f"sqlite:///{tmp_path}/c.db", name="loops")
        await cache.set("k", 1, ttl=60)
        for _ in range(3):
            await cache.get("k")
        await cache.close()

    asyncio.run(read())
    (total,) = (each for each in hooked.pulse.possible.totals() if each.name == "loops")
    assert (total.hits, total.misses) == (2, 1)
