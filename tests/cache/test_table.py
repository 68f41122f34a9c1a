"""Bounded in bytes and entries; what is asked for stays, what is scanned once goes."""

import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.cache.table import Table
from surefoot.errors import ConfigError

OVERHEAD = 300


def put(table, key, *, size=100, until=1e9, now=0.0):
    return table.put(key, f"value of {key}", until=until, size=size, now=now)


def ask(table, key):
    entry = table.find(key)
    if entry is None:
        table.misses += 1
        return None
    entry.hits += 1
    return entry.held[0]


def test_what_was_put_is_found():
    table = Table(10_000)
    assert put(table, "a")
    assert ask(table, "a") == "value of a"
    assert ask(table, "b") is None
    counts = table.counts()
    assert (counts.hits, counts.misses, counts.evictions, counts.entries) == (1, 1, 0, 1)
    assert counts.bytes == 100 + OVERHEAD


def test_a_value_and_its_end_are_replaced_together():
    table = Table(10_000)
    put(table, "a", until=5.0)
    held = table.find("a").held
    table.put("a", "another", until=9.0, size=300, now=0.0)
    assert held == ("value of a", 5.0)
    assert table.find("a").held == ("another", 9.0)
    assert table.counts().bytes == 300 + OVERHEAD


def test_what_is_bigger_than_the_table_is_not_kept_and_replaces_nothing():
    table = Table(1_000)
    put(table, "a")
    assert not put(table, "a", size=1_000)
    assert table.find("a") is None
    assert table.counts().bytes == 0


def test_discarded_entries_are_gone_and_their_hits_still_count():
    table = Table(10_000)
    put(table, "a")
    ask(table, "a")
    assert table.discard("a")
    assert not table.discard("a")
    assert (table.counts().hits, table.counts().entries, table.counts().bytes) == (1, 0, 0)


def test_clearing_leaves_nothing():
    table = Table(10_000)
    for key in range(5):
        put(table, key)
    table.clear()
    assert table.keys() == []
    assert table.counts().bytes == 0


@pytest.mark.parametrize("bounds", [(0, 1), (1, 0)])
def test_a_table_of_nothing_is_refused(bounds):
    with pytest.raises(ConfigError):
        Table(*bounds)


def test_a_scan_leaves_what_is_asked_for():
    table = Table(2**30, 100)
    for _ in range(3):
        for key in range(50):
            if ask(table, key) is None:
                put(table, key)
    for key in range(1_000, 3_000):
        put(table, key)
    assert sum(table.find(key) is not None for key in range(50)) == 50


def test_what_has_ended_earns_no_rounds():
    table = Table(2**30, 10)
    put(table, "old", until=1.0)
    for _ in range(5):
        ask(table, "old")
    for key in range(30):
        put(table, key, now=2.0)
    assert table.find("old") is None


def test_what_comes_back_soon_after_it_went_enters_the_main_queue():
    table = Table(2**30, 100)
    for key in range(110):
        put(table, key)
    assert table.find(0) is None
    put(table, 0)
    for key in range(1_000, 1_500):
        put(table, key)
    assert table.find(0) is not None


def test_it_answers_more_of_skewed_requests_than_an_lru_of_the_same_size_with_scans_between():
    chance = random.Random(7)
    weights = [1 / rank for rank in range(1, 1001)]
    asked = chance.choices(range(1000), weights, k=6000)
    trace = []
    for at in range(0, 6000, 1000):
        trace += [*asked[at : at + 1000], *range(10_000 + at, 10_000 + at + 300)]
    assert hits_of_table(trace, 50) > 1.2 * hits_of_lru(trace, 50)


def hits_of_table(trace, fits):
    table = Table(2**30, fits)
    for key in trace:
        if ask(table, key) is None:
            put(table, key)
    return table.counts().hits


def hits_of_lru(trace, fits):
    held, hits = {}, 0
    for key in trace:
        hits += key in held
        held.pop(key, None)
        held[key] = True
        if len(held) > fits:
            del held[next(iter(held))]
    return hits


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "ask", "ask", "discard", "clear"]),
        st.integers(0, 30),
        st.integers(0, 900),
    ),
    max_size=200,
)


@given(STEPS, st.integers(1, 5_000), st.integers(1, 12))
def test_it_never_holds_more_than_its_bounds_nor_another_value(steps, most_bytes, most):
    table, newest, asked = Table(most_bytes, most), {}, 0
    for serial, (what, key, size) in enumerate(steps):
        if what == "put":
            kept = table.put(key, serial, until=1e9, size=size, now=0.0)
            newest[key] = serial
            assert kept == (table.find(key) is not None)
        elif what == "ask":
            found = ask(table, key)
            assert found is None or found == newest[key]
            asked += 1
        elif what == "discard":
            table.discard(key)
            newest.pop(key, None)
            assert table.find(key) is None
        elif key == 0:
            table.clear()
        counts = table.counts()
        assert counts.bytes <= most_bytes
        assert counts.entries <= most
        assert counts.entries == len(table.keys())
        assert counts.hits + counts.misses == asked
    table.clear()
    assert table.counts().bytes == 0


def test_holes_do_not_pile_up():
    table = Table(2**30)
    put(table, "stays")
    for _ in range(5_000):
        put(table, "comes and goes")
        table.discard("comes and goes")
    assert len(table._small._entries) < 200


def test_threads_leave_it_whole():
    table = Table(30_000, 40, threading.Lock())
    wrong = []

    def work(seed):
        chance = random.Random(seed)
        for _ in range(1_500):
            key = chance.randrange(100)
            found = ask(table, key)
            if found is None:
                put(table, key, size=chance.randrange(500))
            elif found != f"value of {key}":
                wrong.append((key, found))
            if chance.random() < 0.05:
                table.discard(key)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = table.counts()
    assert not wrong
    assert counts.entries <= 40
    assert counts.bytes <= 30_000
    table.clear()
    assert table.counts().bytes == 0
