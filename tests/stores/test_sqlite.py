"""The store in a file: the contract, many processes, and what happens to the file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers import wait_until
from surefoot.errors import ConfigError, StoreError, StoreRefusedError
from surefoot.stores import sqlite_file
from surefoot.stores.sqlite import AsyncSQLiteStore, SQLiteStore
from surefoot.testing.stores import AsyncRunner, StoreContract

PROCESSES = 4


class InDirectory(StoreContract):
    __test__ = False

    @pytest.fixture(autouse=True)
    def directory(self, tmp_path):
        self.path = tmp_path / "cache.db"


class TestSQLite(InDirectory):
    __test__ = True

    def store(self):
        return SQLiteStore(self.path, timeout=10)


class TestAsyncSQLite(InDirectory):
    __test__ = True

    def store(self):
        return AsyncRunner(AsyncSQLiteStore(self.path, timeout=10))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache.db"


@pytest.fixture
def store(path):
    made = SQLiteStore(path)
    yield made
    made.close()


COUNT = """
import sys
from surefoot.stores.sqlite import SQLiteStore
store = SQLiteStore(sys.argv[1], timeout=30)
won = [turn for turn in range(20) if store.swap(f"turn {turn}", b"", sys.argv[2].encode(), 60)]
for _ in range(100):
    store.incr("count", 1, 60)
store.close()
print(*won)
"""


def test_processes_that_begin_at_once_share_one_file(path):
    command = [sys.executable, "-c", COUNT, path]
    running = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(PROCESSES)
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES
    won = sorted(int(turn) for line in said for turn in line.split())
    assert won == list(range(20))
    store = SQLiteStore(path)
    assert store.get(["count"]) == [b"%d" % (100 * PROCESSES)]
    store.close()


def test_a_file_that_another_makes_just_now_is_not_replaced(path):
    """Between the look that finds none and the making of one."""
    others = []

    def then(frame, event, _):
        if not others and (event, frame.f_code) == ("return", sqlite_file.look.__code__):
            others.append(SQLiteStore(path))
            others[0].put({"k": b"another's"}, 60)

    store = SQLiteStore(path)
    sys.setprofile(then)
    try:
        found = store.get(["k"])
    finally:
        sys.setprofile(None)
    assert found == [b"another's"]
    for each in (store, *others):
        each.close()


WRITE = """
import os, sys
from surefoot.stores.sqlite import SQLiteStore
store = SQLiteStore(sys.argv[1], timeout=30)
print("begins", flush=True)
while True:
    store.put({f"{number}": os.urandom(5000) for number in range(20)}, 60)
"""


def test_a_writer_that_is_killed_leaves_the_file_to_the_others(store, path):
    for _ in range(3):
        command = [sys.executable, "-c", WRITE, path]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            wait_until(lambda: store.get(["0"])[0])
            process.kill()
        before = store.get(["0", "19"])
        assert [len(data) for data in before] == [5000, 5000]
        store.put({"0": b"mine"}, 60)
        assert store.get(["0", "19"]) == [b"mine", before[1]]
        store.delete(["0"])


def test_only_its_owner_may_read_it(store, path):
    store.put({"k": b"secret"}, 60)
    files = list(path.parent.iterdir())
    assert {file.name for file in files} >= {"cache.db", "cache.db-wal"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_database_of_somebody_else_is_left_alone(store, path):
    with sqlite3.connect(path) as connection:
        connection.execute("create table book (title text)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="give the cache a path of its own"):
        store.put({"k": b"v"}, 60)
    assert path.read_bytes() == before


def test_any_other_file_is_left_alone(store, path):
    for text in (b"print('hello')\n", b"SQLite format 3\x00", b"x" * 1000):
        path.write_bytes(text)
        with pytest.raises(ConfigError):
            store.get(["k"])
        assert path.read_bytes() == text


def test_an_empty_file_is_taken(store, path):
    path.touch()
    store.put({"k": b"v"}, 60)
    assert store.get(["k"]) == [b"v"]


def test_a_directory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="elsewhere is not there"):
        SQLiteStore(tmp_path / "elsewhere" / "cache.db").get(["k"])


def test_a_file_of_another_boot_is_replaced(store, path, monkeypatch):
    store.put({"k": b"v"}, 60)
    store.close()
    monkeypatch.setattr(sqlite_file, "_version", lambda: 7)
    assert store.get(["k"]) == [None]
    store.put({"k": b"new"}, 60)
    assert store.get(["k"]) == [b"new"]


def test_a_damaged_file_begins_anew_and_says_so(store, path, capfd):
    store.put({str(number): os.urandom(2000) for number in range(500)}, 60)
    store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(200_000))
    with pytest.raises(StoreError, match="failed"):
        store.get([str(number) for number in range(500)])
    assert "was damaged, and begins empty again" in capfd.readouterr().err
    store.put({"k": b"v"}, 60)
    assert store.get(["k", "1"]) == [b"v", None]


def test_a_file_that_was_removed_is_noticed(store, path, monkeypatch):
    monkeypatch.setattr(sqlite_file, "LOOK_SECONDS", 0)
    store.put({"k": b"v"}, 60)
    path.unlink()
    other = SQLiteStore(path)
    other.put({"other": b"1"}, 60)
    assert store.get(["k", "other"]) == [None, b"1"]
    # Closing what was open to the removed file has left the new one's log alone.
    store.put({"k": b"2"}, 60)
    store.close()
    other.close()
    assert SQLiteStore(path).get(["k", "other"]) == [b"2", b"1"]


def test_a_file_that_somebody_keeps_locked_is_an_error(store, path):
    store.put({"k": b"v"}, 60)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("begin immediate")
    with pytest.raises(StoreError, match="written by somebody else"):
        store.put({"k": b"new"}, 60)
    assert store.get(["k"]) == [b"v"]
    connection.execute("rollback")
    connection.close()
    store.put({"k": b"new"}, 60)
    assert store.get(["k"]) == [b"new"]


def test_it_stays_within_its_bytes(path):
    store = SQLiteStore(path, max_bytes=2_000_000)
    for number in range(500):
        store.put({f"{number} {part}": os.urandom(4000) for part in range(4)}, 60)
    store.close()
    assert path.stat().st_size < 2_500_000
    assert store.get(["499 0"])[0]
    assert store.get(["0 0"]) == [None]
    store.close()


def test_expired_slots_go_first(path):
    store = SQLiteStore(path, max_bytes=2_000_000)
    store.put({"kept": b"v"}, 60)
    for number in range(500):
        store.put({str(number): os.urandom(10_000)}, 0.001)
    assert store.get(["kept"]) == [b"v"]
    store.close()


def test_a_value_of_a_quarter_is_refused(path):
    store = SQLiteStore(path, max_bytes=100_000)
    with pytest.raises(StoreRefusedError, match="more than a quarter"):
        store.put({"k": b"x" * 26_000}, 60)
    store.close()


@settings(max_examples=30)
@given(st.binary(max_size=100), st.binary(max_size=60), st.integers(0, 100))
def test_a_patch_changes_the_head_and_nothing_else(tmp_path_factory, data, head, expected):
    store = SQLiteStore(tmp_path_factory.mktemp("patch") / "cache.db")
    store.put({"k": data}, 60)
    assert store.patch("k", data[:expected], head)
    assert store.get(["k"]) == [head + data[len(head) :]]
    store.close()


def test_threads_that_come_and_go_leave_few_connections(store):
    def work():
        store.incr("count", 1, 60)

    for _ in range(50):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert store.get(["count"]) == [b"50"]
    assert len(store._slots._idle._connections) == 1
