"""Makes and seeds the database when it is not there yet, once, however many workers start."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.schema import CreateIndex, CreateTable

from bookshop import seed
from bookshop.models import Base

_LOCK_ID = 733_120_000 + seed.VERSION
"""PostgreSQL's advisory lock that is held while seeding; any number that nobody else uses."""


def prepare(url: str) -> None:
    """Make the database at ``url`` complete; nothing happens if it already is."""
    if url.startswith("sqlite"):
        _prepare_file(Path(make_url(url).database or ""))
        return
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
            if connection.scalar(text("select to_regclass('counter')")) is None:
                _create_tables(connection)
                _copy(connection)
                _create_indexes(connection)
                connection.execute(text("analyze"))
    finally:
        engine.dispose()


@contextmanager
def alone(url: str) -> Iterator[None]:
    """While this lasts no other process that asks for the same gets beyond it."""
    if url.startswith("sqlite"):
        path = Path(make_url(url).database or "")
        with path.with_name(path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
            yield
    finally:
        engine.dispose()


def tune(engine: Engine) -> None:
    """Give each new SQLite connection the settings that a web application wants."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        # The file is in WAL mode since it was made: readers do not wait for the writer, and
        # NORMAL loses at most the last orders when the machine loses power.
        cursor.execute("pragma synchronous=normal")
        cursor.execute("pragma busy_timeout=5000")
        cursor.close()


def _prepare_file(path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        try:
            _write_file(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _write_file(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            _create_tables(connection)
            for name, columns, rows in seed.tables():
                marks = ", ".join("?" * len(columns))
                statement = f"insert into {name} ({', '.join(columns)}) values ({marks})"  # noqa: S608 - names are ours
                connection.exec_driver_sql(statement, rows)
            _create_indexes(connection)
        with engine.connect() as connection:
            connection.exec_driver_sql("analyze")
            connection.exec_driver_sql("pragma journal_mode=wal")
    finally:
        engine.dispose()


def _create_tables(connection: Connection) -> None:
    for table in Base.metadata.sorted_tables:
        connection.execute(CreateTable(table))


def _create_indexes(connection: Connection) -> None:
    # Sorted, since a table keeps its indexes in a set and the file must have the same bytes.
    indexes = [index for table in Base.metadata.sorted_tables for index in table.indexes]
    for index in sorted(indexes, key=lambda index: str(index.name)):
        connection.execute(CreateIndex(index))


def _copy(connection: Connection) -> None:
    cursor = connection.connection.cursor()
    for name, columns, rows in seed.tables():
        with cursor.copy(f"copy {name} ({', '.join(columns)}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
    cursor.close()
