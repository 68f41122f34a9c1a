"""What a store holds of ours, slot by slot, for somebody who looks at it from outside.

In steps that hold nobody up, and without reading the values: their heads say what there is to know.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from surefoot.core.cache.family import beginnings, family
from surefoot.core.cache.frame import HEAD
from surefoot.core.cache.holding import Held
from surefoot.errors import ConfigError, StoreError, StoreRefusedError

if TYPE_CHECKING:
    import sqlite3

    from surefoot.stores.redis_options import RedisOptions

__all__ = ["existing_file", "held_in_file", "held_in_redis", "listed"]

_AT_ONCE: Final = 500
"""Slots of one step: Redis answers nobody else for 0.2 ms, and a reader of SQLite disturbs none."""
_PATIENCE: Final = 2.0
"""Seconds for one answer. Nobody's request waits here."""


def listed(url: str, directory: Path, name: str = "") -> Iterator[list[Held]]:
    """The slots of one cache, or of all of ours, some at a time.

    What is written or removed meanwhile may be among them or not.

    Args:
        url: Of the store.
        directory: Where a relative path begins.
        name: Of the cache, or ``RESPONSES``; all where empty.

    Raises:
        ConfigError: The URL cannot be understood, or there is no such file.
        StoreRefusedError: The store cannot list what it holds.
        StoreError: It does not answer.
    """
    scheme = url.partition("://")[0]
    if scheme in {"redis", "rediss", "unix"}:
        from surefoot.stores.redis_options import redis_options  # noqa: PLC0415 - only for Redis

        options = redis_options(url)
        patient = dataclasses.replace(options, timeout=_PATIENCE, connect_timeout=_PATIENCE)
        return held_in_redis(patient, name)
    if scheme == "sqlite":
        return held_in_file(existing_file(url, directory), name)
    raise StoreRefusedError(f"a {scheme}:// store cannot list what it holds")


def existing_file(url: str, directory: Path) -> Path:
    """The file of a ``sqlite://`` URL, which is not made here.

    Raises:
        ConfigError: There is none, or none of a cache of ours and this boot of the machine.
    """
    from surefoot.stores.sqlite_file import State, look  # noqa: PLC0415 - only for SQLite

    path = (directory / unquote(urlsplit(url).path)[1:]).absolute()
    state = look(path)
    if state is State.NOTHING:
        raise ConfigError(
            f"there is no cache in {path}",
            do="give the URL that the application uses; it makes the file when it starts",
        )
    if state is not State.OURS:
        raise ConfigError(f"the cache in {path} is {state.value}: it begins empty at its next use")
    return path


def held_in_redis(options: RedisOptions, name: str = "") -> Iterator[list[Held]]:
    """As ``listed``, of a Redis."""
    from surefoot.stores._sync.redis_connection import RedisConnection  # noqa: PLC0415

    connection = RedisConnection.open(options)
    try:
        for beginning in beginnings(name) if name else ("",):
            yield from _scanned(connection, f"{beginning}*", name)
    finally:
        connection.close()


def _scanned(connection: Any, pattern: str, name: str) -> Iterator[list[Held]]:
    cursor: Any = b"0"
    while True:
        cursor, found = connection.ask("SCAN", cursor, "MATCH", pattern, "COUNT", _AT_ONCE)
        keys = [key for key in found if _is_wanted(key, name)]
        asked = [
            words
            for key in keys
            for words in (("STRLEN", key), ("GETRANGE", key, 0, HEAD - 1), ("PTTL", key))
        ]
        told = connection.ask_each(asked)
        yield [
            Held(key.decode("utf-8", "surrogatepass"), size, head, _seconds(left))
            for key, size, head, left in zip(keys, told[::3], told[1::3], told[2::3], strict=True)
            # What has gone meanwhile, or is no text in Redis, is none of ours.
            if isinstance(size, int) and size
        ]
        if not int(cursor):
            return


def _is_wanted(key: bytes, name: str) -> bool:
    found = family(key.decode("utf-8", "replace"))
    return bool(found) and found == (name or found)


def _seconds(milliseconds: Any) -> float:
    return (
        milliseconds / 1000 if isinstance(milliseconds, int) and milliseconds >= 0 else float("inf")
    )


def held_in_file(path: Path, name: str = "") -> Iterator[list[Held]]:
    """As ``listed``, of a file."""
    import sqlite3  # noqa: PLC0415 - only for SQLite

    from surefoot.stores.sqlite_file import open_patiently  # noqa: PLC0415

    try:
        opened = open_patiently(path, _PATIENCE)
        try:
            yield from _in_file(opened.connection, name)
        finally:
            opened.close()
    except sqlite3.Error as error:
        raise StoreError(f"the cache's file {path} cannot be read: {error}") from error


def _in_file(connection: sqlite3.Connection, name: str) -> Iterator[list[Held]]:
    last = 0
    while rows := _rows(connection, last):
        last = rows[-1][0]
        now = time.time()
        held = [
            Held(bytes(key).decode("utf-8", "surrogatepass"), size, head, ends / 1000 - now)
            for _, key, size, head, ends in rows
        ]
        yield [each for each in held if family(each.key) == (name or family(each.key) or "-")]


def _rows(
    connection: sqlite3.Connection, last: int
) -> Sequence[tuple[int, bytes, int, bytes, int]]:
    statement = """
        select id, key, length(data), substr(data, 1, ?), expires from slot
        where id > ? and expires > ? order by id limit ?"""
    values = (HEAD, last, time.time_ns() // 1_000_000, _AT_ONCE)
    rows: Sequence[tuple[int, bytes, int, bytes, int]]
    rows = connection.execute(statement, values).fetchall()
    return rows
