"""From a URL to its store."""

from __future__ import annotations

import subprocess
import sys

import pytest

from surefoot import stores
from surefoot.errors import UsageError
from surefoot.ports import AsyncStore, Store
from surefoot.stores.guarded import AsyncGuarded, Guarded


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
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""
