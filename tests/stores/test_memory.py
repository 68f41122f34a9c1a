"""The store in this process: the contract, its bounds and what goes first."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import StoreRefusedError
from surefoot.stores.inline import AsyncInline
from surefoot.stores.memory import MemoryStore
from surefoot.testing.stores import AsyncRunner, StoreContract


class TestMemory(StoreContract):
    shared = False

    def store(self):
        return MemoryStore()


class TestAsyncMemory(StoreContract):
    shared = False

    def store(self):
        return AsyncRunner(AsyncInline(MemoryStore()))


def test_entries_are_bounded():
    store = MemoryStore(max_entries=10)
    for number in range(100):
        store.put({str(number): b"x"}, 60)
    assert len(store) == 10
    assert store.evictions == 90
    assert store.get(["99", "0"]) == [b"x", None]


def test_what_is_read_stays_longer():
    store = MemoryStore(max_entries=10)
    store.put({"read": b"x"}, 60)
    for number in range(100):
        store.put({str(number): b"x"}, 60)
        assert store.get(["read"]) == [b"x"]


def test_an_expired_slot_goes_though_it_was_read():
    store = MemoryStore(max_entries=1)
    store.put({"short": b"x"}, 0.001)
    store.get(["short"])
    while store.get(["short"]) != [None]:
        pass
    store.put({"other": b"x"}, 60)
    assert len(store) == 1
    assert store.evictions == 0


def test_a_value_larger_than_the_store_is_refused_and_the_old_one_is_gone():
    store = MemoryStore(max_bytes=10_000)
    store.put({"k": b"old"}, 60)
    with pytest.raises(StoreRefusedError, match="does not fit into 10kB"):
        store.put({"k": b"x" * 10_000}, 60)
    assert store.get(["k"]) == [None]
    assert store.size == 0


def test_a_store_without_room_is_refused():
    for bounds in ({"max_bytes": 0}, {"max_entries": 0}):
        with pytest.raises(ValueError, match="above 0"):
            MemoryStore(**bounds)


verbs = st.lists(
    st.tuples(
        st.sampled_from(["put", "swap", "patch", "delete", "get"]),
        st.sampled_from("abcdef"),
        st.binary(max_size=300),
        st.binary(max_size=3),
    ),
    max_size=60,
)


@given(verbs, st.integers(1, 5), st.integers(700, 2000))
def test_bounds_hold_and_the_count_of_bytes_is_right(steps, entries, size):
    store = MemoryStore(max_bytes=size, max_entries=entries)
    for verb, key, data, expect in steps:
        match verb:
            case "put":
                store.put({key: data}, 60)
            case "swap":
                store.swap(key, expect, data, 60)
            case "patch":
                store.patch(key, expect, data)
            case "delete":
                store.delete([key])
            case "get":
                store.get([key])
        assert len(store) <= entries
        assert 0 <= store.size <= size
    store.delete(list("abcdef"))
    assert store.size == 0


def test_a_lock_held_while_the_process_forked_is_free_in_the_child():
    store = MemoryStore()
    store.put({"k": b"x"}, 60)
    held, release = threading.Event(), threading.Event()

    def hold():
        with store._lock:
            held.set()
            release.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    child = os.fork()
    if not child:
        store.put({"k": b"y"}, 60)
        os._exit(0 if store.get(["k"]) == [b"y"] else 1)
    release.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
    assert store.get(["k"]) == [b"x"]
