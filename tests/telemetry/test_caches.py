"""What caches did, from their own counters to the figures of a measurement."""

from __future__ import annotations

import dataclasses
import gc
import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from surefoot.cache import Cache
from surefoot.cache.registry import register, totals
from surefoot.core.worker import CacheTotal, WorkerStats
from surefoot.telemetry import Options, Recorder
from surefoot.toolbox.analysis.caches import done

counts = st.integers(0, 1000)
COUNTED = [
    each.name
    for each in dataclasses.fields(CacheTotal)
    if each.name not in {"name", "tier", "entries", "bytes"}
]


@st.composite
def cache_totals(
    draw,
):
    kept = draw(st.one_of(st.none(), st.integers(0, 9)))
    return CacheTotal(
        draw(st.sampled_from(["a", "b"])),
        draw(st.sampled_from(["local", "shared"])),
        **{name: draw(counts) for name in COUNTED},
        entries=kept,
        bytes=kept,
    )


@given(cache_totals(), cache_totals())
def test_what_was_done_since_is_what_was_added(before, more):
    after = before.plus(more)
    since = after.since(before)
    assert [getattr(since, name) for name in COUNTED] == [getattr(more, name) for name in COUNTED]
    assert (since.name, since.tier, since.entries) == (before.name, before.tier, after.entries)


@given(st.lists(st.lists(cache_totals(), max_size=4, unique_by=lambda t: (t.name, t.tier))))
def test_all_workers_are_summed(workers):
    after = {pid: WorkerStats(pid, caches=tuple(found)) for pid, found in enumerate(workers)}
    summed = done({}, after)
    assert len({(total.name, total.tier) for total in summed}) == len(summed)
    for name in COUNTED:
        whole = sum(getattr(total, name) for found in workers for total in found)
        assert sum(getattr(total, name) for total in summed) == whole
    # Nothing was done between a look and itself, whoever looks.
    assert all(getattr(total, name) == 0 for total in done(after, after) for name in COUNTED)


def test_a_worker_that_is_new_counts_from_its_beginning():
    before = {1: WorkerStats(1, caches=(CacheTotal("a", "local", hits=5, entries=1, bytes=10),))}
    after = {
        1: WorkerStats(1, caches=(CacheTotal("a", "local", hits=7, entries=2, bytes=20),)),
        2: WorkerStats(2, caches=(CacheTotal("a", "local", hits=4, entries=3, bytes=30),)),
    }
    assert done(before, after) == (CacheTotal("a", "local", hits=6, entries=5, bytes=50),)


def seen(name):
    return {total.tier: total for total in totals() if total.name == name}


def test_a_cache_tells_of_each_tier(tmp_path):
    cache = Cache.from_url(f"sqlite:///{tmp_path}/c.db", name="each-tier", local="1MB")

    @cache.cached(ttl=60)
    def load(number: int) -> str:
        return "x" * number

    for number in (1, 1, 1, 2):
        load(number)
    tiers = seen("each-tier")
    cache.close()
    shared, local = tiers["shared"], tiers["local"]
    assert (shared.misses, shared.computed, shared.hits) == (2, 2, 1)
    assert (local.hits, local.misses, local.entries) == (1, 3, 1)
    assert local.bytes > 0
    assert shared.entries == 2


def test_what_is_kept_in_the_process_is_known():
    cache = Cache.from_url("memory://?max_entries=3", name="in-memory")
    for number in range(10):
        cache.set(str(number), "value", ttl=60)
    assert cache.get("9") == "value"
    (memory,) = seen("in-memory").values()
    assert memory.tier == "memory"
    assert (memory.hits, memory.entries, memory.evictions) == (1, 3, 7)


def test_caches_of_one_name_are_one_and_those_that_are_gone_are_not_kept():
    first, second = (Cache.from_url("memory://", name="twice") for _ in range(2))
    first.set("k", 1, ttl=60)
    first.get("k")
    second.get("k")
    (both,) = seen("twice").values()
    assert (both.hits, both.misses, both.entries) == (1, 1, 1)
    del first, second
    gc.collect()
    assert seen("twice") == {}


def test_of_very_many_caches_the_last_are_summed():
    kept = [Cache.from_url("memory://", name=f"many-{number}") for number in range(100)]
    for cache in kept:
        cache.get("k")
    found = totals()
    assert len(found) <= 51
    assert sum(t.misses for t in found if t.name.startswith(("many-", "(other)"))) >= 100


def test_telemetry_says_what_caches_did(receiver):
    cache = Cache.from_url("memory://", name="told")
    cache.get("k")
    recorder = Recorder(Options(records=receiver.path, sample_hz=0))
    recorder.finish(recorder.begin("GET"))
    receiver.wait(lambda: bool(receiver.stats))
    recorder.close()
    told = [total for total in receiver.stats[-1].caches if total.name == "told"]
    assert [total.misses for total in told] == [1]


def test_a_cache_that_cannot_say_is_a_fault_and_no_more(receiver):
    class Broken:
        def totals(self):
            raise RuntimeError("on purpose")

    broken = Broken()
    register(broken)
    recorder = Recorder(Options(records=receiver.path, sample_hz=0))
    recorder.finish(recorder.begin("GET"))
    receiver.wait(lambda: bool(receiver.stats))
    recorder.close()
    del broken
    gc.collect()
    assert receiver.stats[-1].faults
    assert receiver.stats[-1].requests == 1


def loaded(program):
    program += "; import sys; print(*[n for n in sys.modules if n.startswith('surefoot')])"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_neither_loads_the_other():
    assert not any("telemetry" in name for name in loaded("from surefoot.cache import Cache"))
    assert not any(
        name.startswith(("surefoot.cache", "surefoot.stores"))
        for name in loaded("import surefoot.telemetry, surefoot.telemetry.caches")
    )


def test_slots_that_sqlite_had_to_give_up_are_counted(tmp_path):
    cache = Cache.from_url(f"sqlite:///{tmp_path}/c.db?max_bytes=300kB", name="evicting")
    for number in range(400):
        cache.set(str(number), os.urandom(2000), ttl=60)
    (shared,) = seen("evicting").values()
    cache.close()
    assert shared.evictions > 100
