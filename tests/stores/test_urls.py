"""From a URL to its store."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from programs import printed
from servers import wait_until
from surefoot import stores
from surefoot.core.breaker import Position
from surefoot.errors import StoreError, UsageError
from surefoot.ports import AsyncStore, Store
from surefoot.stores.guarded import AsyncGuarded, Guarded
from surefoot.stores.listing import listed


def test_memory_and_sqlite_need_nothing(tmp_path):
    for url in ("memory://?max_bytes=1MB&max_entries=5", "sqlite:///cache.db?timeout=5s"):
        store = stores.from_url(url, tmp_path)
        assert isinstance(store, Store)
        store.put({"k": b"v"}, 60)
        assert store.get(["k"]) == [b"v"]
        store.close()
        assert isinstance(stores.async_from_url(url, tmp_path), AsyncStore)
    assert (tmp_path / "cache.db").exists()


def test_four_slashes_begin_an_absolute_path(tmp_path):
    stores.from_url(f"sqlite:///{tmp_path}/cache.db", tmp_path / "elsewhere").close()
    assert (tmp_path / "cache.db").exists()


def test_what_may_fail_is_behind_a_breaker(tmp_path):
    for url in ("sqlite:///cache.db", "redis://h", "unix:///s"):
        assert isinstance(stores.from_url(url, tmp_path), Guarded)
        assert isinstance(stores.async_from_url(url, tmp_path), AsyncGuarded)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("secret@host", "begins with memory://"),
        ("mysql://host", "begins with memory://"),
        ("sqlite:///", "names a file"),
        ("sqlite:///nowhere/cache.db", "nowhere is not there"),
        ("sqlite:///cache.db?mode=ro", "no option 'mode'"),
        ("memory://?max_entries=many", "cannot be read"),
        ("memory://?max_bytes=0", "above 0"),
        ("memory://?max_bytes=1X", "not a size"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url, words, tmp_path):
    with pytest.raises(UsageError, match=words) as caught:
        stores.from_url(url, tmp_path)
    assert "secret" not in str(caught.value)


def test_memcached_is_for_threads():
    assert isinstance(stores.from_url("memcached://h:1,h:2"), Guarded)
    with pytest.raises(UsageError, match="no sound client for Memcached in event loops"):
        stores.async_from_url("memcached://h")


def test_a_file_of_somebody_else_is_refused_at_once(tmp_path):
    (tmp_path / "shop.py").write_text("print('hello')\n")
    with pytest.raises(UsageError, match="path of its own"):
        stores.from_url("sqlite:///shop.py", tmp_path)


def test_a_store_loads_no_other(tmp_path):
    program = (
        "import sys; from surefoot import stores; stores.from_url('memory://');"
        "foreign = ('sqlite3', 'redis', 'pymemcache', 'asyncio');"
        "print(*(name for name in foreign if name in sys.modules))"
    )
    assert printed(program) == [""]


def test_a_file_that_somebody_has_alone_is_no_reason_not_to_start(tmp_path):
    url = f"sqlite:///{tmp_path}/cache.db"
    stores.from_url(url).close()
    # As whoever opens it first, or closes it last, has it for a moment.
    holder = sqlite3.connect(tmp_path / "cache.db", isolation_level=None)
    holder.execute("pragma locking_mode = exclusive").fetchall()
    holder.execute("begin exclusive")
    store = stores.from_url(url)
    with pytest.raises(StoreError):
        store.get(["k"])
    holder.close()
    wait_until(lambda: store.state is Position.CLOSED)
    store.put({"k": b"v"}, 60)
    assert store.get(["k"]) == [b"v"]
    store.close()


def test_what_is_listed_waits_until_the_file_is_free(tmp_path):
    url = f"sqlite:///{tmp_path}/cache.db"
    store = stores.from_url(url)
    store.put({"books:=k": b"v"}, 60)
    store.close()
    holder = sqlite3.connect(tmp_path / "cache.db", isolation_level=None, check_same_thread=False)
    holder.execute("pragma locking_mode = exclusive").fetchall()
    holder.execute("begin exclusive")
    thread = threading.Timer(0.05, holder.close)
    thread.start()
    found = [held.key for part in listed(url, tmp_path) for held in part]
    thread.join()
    assert found == ["books:=k"]
