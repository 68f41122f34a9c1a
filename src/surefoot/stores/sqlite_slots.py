"""The verbs of a store in SQL. Nothing here waits: a file that is locked is an error at once."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from surefoot.errors import StoreError, StoreRefusedError
from surefoot.stores.idle import Idle
from surefoot.stores.slots import added, encoded, milliseconds
from surefoot.stores.sqlite_file import Opened, identity, open_file, replace
from surefoot.units import format_bytes

__all__ = ["LockedError", "SQLiteSlots"]

_Answer = TypeVar("_Answer")

# SQLite before 3.32 takes 999 values in one statement.
_KEYS_AT_ONCE: Final = 500
_ROWS_AT_ONCE: Final = 50
_ROUNDS: Final = 20
_LARGEST_SHARE: Final = 4

_READ: Final = "select data from slot where key = ? and expires > ?"
_WRITE: Final = "insert or replace into slot (key, data, expires) values (?, ?, ?)"
_FILL: Final = """
    insert into slot (key, data, expires) values (?, ?, ?)
    on conflict (key) do update set data = excluded.data, expires = excluded.expires
    where slot.expires <= ?"""
_SWAP: Final = """
    update slot set data = ?, expires = ?
    where key = ? and expires > ? and substr(data, 1, ?) = ?"""
# What substr makes of an empty blob is null.
_PATCH: Final = """
    update slot set data = cast(? || coalesce(substr(data, ?), x'') as blob)
    where key = ? and expires > ? and coalesce(substr(data, 1, ?), x'') = ?"""
_DROP_EXPIRED: Final = """
    delete from slot where id in
    (select id from slot where expires <= ? order by expires limit ?)"""
_DROP_OLDEST: Final = "delete from slot where id in (select id from slot order by id limit ?)"

_DROP_BETWEEN: Final = """
    delete from slot where id in
    (select id from slot where key >= ? and key < ? limit ?)"""


class LockedError(StoreError):
    """Another process writes just now."""


class SQLiteSlots:
    """Slots in one file, bounded in bytes: expired ones go first, then those written first.

    Args:
        path: The file.
        max_bytes: How large it may grow, its log not counted.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path = path.absolute()
        self.max_bytes = max_bytes
        self._idle: Idle[Opened] = Idle()
        # Looking at the size after every write would cost as much as the write.
        self._look_after = min(max_bytes // 64, 256_000)
        self._written = 0
        self.evictions = 0
        """Living slots that this process took away for others."""

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """As ``Store.get``."""
        if not keys:
            return []
        wanted = [encoded(key) for key in keys]
        if len(wanted) == 1:
            return [self._with(lambda connection: _read(connection, wanted[0]))]
        return self._with(lambda connection: _read_many(connection, wanted))

    def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """As ``Store.put``."""
        expires = _now() + milliseconds(ttl)
        rows = [(encoded(key), data, expires) for key, data in slots.items()]
        for _, data, _ in rows:
            self._check(data)
        if rows:
            self._with(lambda connection: _transact(connection, lambda: _write(connection, rows)))
            self._make_room(sum(len(data) for _, data, _ in rows))

    def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """As ``Store.swap``."""
        now = _now()
        expires, name = now + milliseconds(ttl), encoded(key)
        self._check(data)
        if expect:
            done = self._changes(_SWAP, (data, expires, name, now, len(expect), expect))
        else:
            done = self._changes(_FILL, (name, data, expires, now))
        self._make_room(len(data))
        return done

    def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """As ``Store.patch``."""
        return self._changes(
            _PATCH, (head, len(head) + 1, encoded(key), _now(), len(expect), expect)
        )

    def delete(self, keys: Sequence[str]) -> int:
        """As ``Store.delete``."""
        names = list(dict.fromkeys(encoded(key) for key in keys))
        if not names:
            return 0
        return self._with(
            lambda connection: _transact(connection, lambda: _delete(connection, names))
        )

    def incr(self, key: str, by: int, ttl: float) -> int:
        """As ``Store.incr``."""
        name, lifetime = encoded(key), milliseconds(ttl)
        return self._with(
            lambda connection: _transact(connection, lambda: _count(connection, name, by, lifetime))
        )

    def clear(self, prefix: str) -> None:
        """As ``Clearing.clear``, in short transactions."""
        first = encoded(prefix)
        # No key of ours has a byte of 255: that is no UTF-8.
        last = first + b"\xff"
        while self._changes(_DROP_BETWEEN, (first, last, _ROWS_AT_ONCE)):
            pass

    def close(self) -> None:
        """Close every connection that nobody uses just now."""
        for opened in self._idle.drain():
            opened.close()

    def _changes(self, statement: str, values: Sequence[object]) -> bool:
        return self._with(lambda connection: connection.execute(statement, values).rowcount > 0)

    def _with(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        opened = self._open()
        try:
            answer = work(opened.connection)
        except StoreRefusedError:
            self._idle.give(opened)
            raise
        except sqlite3.Error as error:
            if _code(error) in _LOCKED:
                self._idle.give(opened)
            else:
                opened.close()
            raise self._explained(error, opened.file) from error
        except BaseException:
            opened.close()
            raise
        self._idle.give(opened)
        return answer

    def _open(self) -> Opened:
        opened = self._idle.take()
        if opened is not None:
            if opened.is_current():
                return opened
            opened.close()
        try:
            return open_file(self.path)
        except sqlite3.Error as error:
            raise self._explained(error, identity(self.path)) from error

    def _explained(self, error: sqlite3.Error, file: tuple[int, int] | None) -> StoreError:
        code = _code(error)
        if code in _LOCKED:
            return LockedError(f"the cache's file {self.path} is being written by somebody else")
        if code in _DAMAGED:
            replace(self.path, file)
            sys.stderr.write(f"surefoot: {self.path} was damaged, and begins empty again\n")
        return StoreError(f"the cache's file {self.path} failed: {error}")

    def _check(self, data: bytes) -> None:
        if len(data) * _LARGEST_SHARE > self.max_bytes:
            raise StoreRefusedError(
                f"a value of {format_bytes(len(data))} is more than a quarter of the cache's "
                f"{format_bytes(self.max_bytes)}",
                do="give the cache more room, or keep smaller values",
            )

    def _make_room(self, written: int) -> None:
        self._written += written
        if self._written < self._look_after:
            return
        self._written = 0
        try:
            aim = self.max_bytes - self._look_after
            self.evictions += self._with(lambda connection: _evict(connection, aim))
        except LockedError:
            # Whoever holds the lock writes, and looks after the size too.
            return


def _now() -> int:
    return time.time_ns() // 1_000_000


_BUSY, _LOCK, _CORRUPT, _NOT_A_DATABASE = 5, 6, 11, 26
_LOCKED: Final = frozenset({_BUSY, _LOCK})
_DAMAGED: Final = frozenset({_CORRUPT, _NOT_A_DATABASE})


def _code(error: sqlite3.Error) -> int:
    # The upper bits say more than is needed here.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _transact(connection: sqlite3.Connection, work: Callable[[], _Answer]) -> _Answer:
    connection.execute("begin immediate")
    try:
        answer = work()
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise
    return answer


# Every read fetches all rows: a statement that is left half read keeps its snapshot, and with it
# the log from being cut.


def _read(connection: sqlite3.Connection, key: bytes) -> bytes | None:
    rows = connection.execute(_READ, (key, _now())).fetchall()
    return rows[0][0] if rows else None


def _read_many(connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[bytes | None]:
    found: dict[bytes, bytes] = {}
    now = _now()
    for at in range(0, len(keys), _KEYS_AT_ONCE):
        part = keys[at : at + _KEYS_AT_ONCE]
        marks = ", ".join("?" * len(part))
        statement = f"select key, data from slot where key in ({marks}) and expires > ?"  # noqa: S608 - question marks only
        found.update(connection.execute(statement, (*part, now)).fetchall())
    return [found.get(key) for key in keys]


def _write(connection: sqlite3.Connection, rows: Sequence[tuple[bytes, bytes, int]]) -> None:
    connection.executemany(_WRITE, rows)


def _delete(connection: sqlite3.Connection, keys: Sequence[bytes]) -> int:
    now = _now()
    count = 0
    for key in keys:
        living = "delete from slot where key = ? and expires > ?"
        count += connection.execute(living, (key, now)).rowcount
    return count


def _count(connection: sqlite3.Connection, key: bytes, by: int, lifetime: int) -> int:
    now = _now()
    rows = connection.execute(
        "select data, expires from slot where key = ? and expires > ?", (key, now)
    ).fetchall()
    data, expires = rows[0] if rows else (None, now + lifetime)
    number = added(data, by)
    connection.execute(_WRITE, (key, b"%d" % number, expires))
    return number


def _evict(connection: sqlite3.Connection, aim: int) -> int:
    # Many short transactions: nobody waits for the lock for long.
    evicted = 0
    for _ in range(_ROUNDS):
        if _used(connection) <= aim:
            break
        gone = connection.execute(_DROP_EXPIRED, (_now(), _ROWS_AT_ONCE)).rowcount
        if not gone:
            evicted += connection.execute(_DROP_OLDEST, (_ROWS_AT_ONCE,)).rowcount
    return evicted


def _used(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"pragma {name}").fetchall()[0][0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
