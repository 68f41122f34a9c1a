"""Memcached as a store: the contract over TCP, Unix sockets and several servers, and faults."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers import MemcachedServer, SlowProxy, wait_until
from surefoot.core.breaker import Position
from surefoot.errors import StoreError, StoreRefusedError, UsageError
from surefoot.stores.guarded import Guarded
from surefoot.stores.memcached import MemcachedStore, _name, memcached_hosts
from surefoot.testing.stores import StoreContract

PATIENT = "?timeout=20s"


class OnMemcached(StoreContract):
    __test__ = False
    fixture = "memcached"
    lists = False

    @pytest.fixture(autouse=True)
    def server(self, request):
        self.url = request.getfixturevalue(self.fixture).url

    def store(self):
        return MemcachedStore(self.url + PATIENT)


class TestMemcached(OnMemcached):
    __test__ = True


class TestMemcachedUnix(OnMemcached):
    __test__ = True
    fixture = "memcached_unix"


class TestSeveralServers(StoreContract):
    lists = False

    @pytest.fixture(autouse=True)
    def servers(self, memcached, other_memcached):
        hosts = [f"127.0.0.1:{server.port}" for server in (memcached, other_memcached)]
        self.url = f"memcached://{','.join(hosts)}{PATIENT}"

    def store(self):
        return MemcachedStore(self.url)


@pytest.fixture
def store(own_memcached):
    made = MemcachedStore(own_memcached.url + PATIENT)
    yield made
    made.close()


def test_the_server_is_really_asked(own_memcached, store):
    store.put({"k": b"1", "l": b"2"}, 60)
    store.get(["k", "l"])
    store.swap("k", b"1", b"3", 60)
    store.swap("new", b"", b"1", 60)
    store.patch("k", b"3", b"4")
    counts = own_memcached.counts()
    assert counts["cmd_set"] == 5
    assert counts["cas_hits"] == 2
    assert counts["get_hits"] == 4


def test_a_value_that_is_too_large_is_refused_and_others_are_kept(store):
    store.put({"k": b"old"}, 60)
    with pytest.raises(StoreRefusedError, match=r"too large.*\n.*smaller values"):
        store.put({"l": b"x" * 2_000_000}, 60)
    assert store.get(["k", "l"]) == [b"old", None]


def test_keys_are_shared_among_servers_and_none_takes_over_for_another():
    with MemcachedServer() as one, MemcachedServer() as two:
        store = MemcachedStore(f"memcached://127.0.0.1:{one.port},127.0.0.1:{two.port}{PATIENT}")
        keys = [str(number) for number in range(100)]
        store.put(dict.fromkeys(keys, b"v"), 60)
        held = [server.counts()["curr_items"] for server in (one, two)]
        assert sum(held) == 100
        assert min(held) > 20
        two.kill()
        with pytest.raises(StoreError):
            store.get(keys)
        with pytest.raises(StoreError):
            store.put(dict.fromkeys(keys, b"new"), 60)
        store.close()


@given(st.text(), st.text())
def test_no_two_keys_have_the_same_name(one, other):
    assert (_name(one) == _name(other)) == (one == other)
    assert len(_name(one)) <= 200


def test_a_key_that_looks_hashed_is_hashed():
    assert _name("sf#" + "0" * 32) != b"sf#" + b"0" * 32


def test_a_killed_server_is_left_alone_and_used_again_when_it_is_back(own_memcached):
    store = Guarded(MemcachedStore(own_memcached.url + "?timeout=5s"))
    store.put({"k": b"1"}, 60)
    own_memcached.kill()
    with pytest.raises(StoreError, match="Memcached at"):
        store.get(["k"])
    for _ in range(100):
        with pytest.raises(StoreError, match="left alone"):
            store.get(["k"])
    own_memcached.start()
    wait_until(lambda: store.state is Position.CLOSED)
    assert store.get(["k"]) == [None]
    store.close()


def test_more_keys_than_can_be_remembered_are_told_of(own_memcached, caplog):
    # It cannot list what it holds, and what others have in it is not to go because of ours.
    guarded = Guarded(MemcachedStore(own_memcached.url + "?timeout=5s"), remember=100)
    keys = [f"books:={number}" for number in range(150)]
    guarded.put(dict.fromkeys(keys, b"old") | {"others": b"kept"}, 60)
    own_memcached.freeze()
    guarded.store._timeout = 0.05
    guarded.close()
    for key in keys:
        with pytest.raises(StoreError):
            guarded.delete([key])
    own_memcached.thaw()
    guarded.store._timeout = 5.0
    wait_until(lambda: guarded.state is Position.CLOSED)
    assert guarded.get(keys) == [None] * 100 + [b"old"] * 50
    assert guarded.get(["others"]) == [b"kept"]
    assert guarded.lost == 50
    (said,) = [record.getMessage() for record in caplog.records]
    assert "50 keys" in said
    guarded.close()


@pytest.mark.parametrize("slow", [True, False])
def test_a_frozen_or_slow_server_is_left_alone(own_memcached, slow):
    with SlowProxy(own_memcached.port, 0.2 if slow else 0) as proxy:
        store = Guarded(MemcachedStore(f"memcached://127.0.0.1:{proxy.port}"))
        if not slow:
            own_memcached.freeze()
        with pytest.raises(StoreError, match="did not answer"):
            store.delete(["k"])
        with pytest.raises(StoreError, match="left alone"):
            store.get(["k"])
        own_memcached.thaw()
        proxy.seconds = 0
        wait_until(lambda: store.state is Position.CLOSED)
        store.close()


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("memcached://h", (("h", 11211),)),
        ("memcached://a:1,[::1]:2,[::2]", (("a", 1), ("::1", 2), ("::2", 11211))),
        ("memcached:///run/memcached%20socket", ("/run/memcached socket",)),
    ],
)
def test_a_url_is_read_as_meant(url, hosts):
    assert memcached_hosts(url) == (hosts, 0.04)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("memcached://", "names a server"),
        ("memcached://h:port", "host and a port"),
        ("memcached://a,,b", "host and a port"),
        ("memcached://user:secret@h", "without user and password"),
        ("memcached://h?retries=1", "no option 'retries'"),
        ("memcached://h?timeout=0", "above 0"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url, words):
    with pytest.raises(UsageError, match=words) as caught:
        memcached_hosts(url)
    assert "secret" not in str(caught.value)


def test_a_child_has_connections_of_its_own(own_memcached, store):
    store.put({"k": b"1"}, 60)
    child = os.fork()
    if not child:
        good = False
        try:
            good = store.get(["k"]) == [b"1"]
        finally:
            os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert own_memcached.counts()["total_connections"] >= 3
