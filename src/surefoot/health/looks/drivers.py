"""``SELECT 1`` by a URL, over a driver that is loaded already."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

__all__ = ["select_one"]

Connect = Callable[[Any, str, float], Any]
"""From a driver, a URL and seconds, a connection of DB-API."""


def select_one(url: str, directory: Path, timeout: float) -> str:
    """Connect, ask, and close.

    Args:
        url: As the application has it: ``postgresql+psycopg://`` is ``postgresql://``.
        directory: Where a relative path of SQLite's begins.
        timeout: Seconds for connecting, where the driver can be told; those of PostgreSQL take
            whole ones, two at least.

    Returns:
        The driver that was used.

    Raises:
        RuntimeError: No driver for it is loaded.
        Exception: Whatever the driver says.
    """
    scheme = url.partition("://")[0].partition("+")[0].lower()
    family = _FAMILIES.get(scheme, "")
    if family == "sqlite":
        _read_sqlite(url, directory)
        return "sqlite3"
    for name, connect in _DRIVERS.get(family, {}).items():
        driver = sys.modules.get(name)
        if driver is not None:
            _select(connect(driver, url, timeout))
            return name
    if family == "postgresql" and "asyncpg" in sys.modules:
        _select_asyncpg(sys.modules["asyncpg"], url, timeout)
        return "asyncpg"
    raise RuntimeError("no driver that is known for the database's URL is loaded")


def _select(connection: Any) -> None:
    with contextlib.closing(connection), contextlib.closing(connection.cursor()) as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchall()


def _read_sqlite(url: str, directory: Path) -> None:
    # sqlite:///relative.db and sqlite:////absolute.db, as SQLAlchemy and dj-database-url have it.
    path = unquote(urlsplit(url).path)[1:]
    if path in {"", ":memory:"}:
        return
    # Read-only: what is not there is not to be made.
    where = (directory / path).absolute().as_uri() + "?mode=ro"
    with contextlib.closing(sqlite3.connect(where, uri=True)) as connection:
        # SELECT 1 would not open the file.
        connection.execute("PRAGMA schema_version").fetchall()


def _of_libpq(url: str) -> str:
    """Under the scheme that its clients know."""
    return "postgresql://" + url.partition("://")[2]


def _libpq(driver: Any, url: str, timeout: float) -> Any:
    return driver.connect(_of_libpq(url), connect_timeout=max(2, math.ceil(timeout)))


def _mysql(driver: Any, url: str, timeout: float) -> Any:
    parts: SplitResult = urlsplit(url)
    return driver.connect(
        host=parts.hostname or "localhost",
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.lstrip("/")),
        connect_timeout=max(1, math.ceil(timeout)),
    )


def _select_asyncpg(driver: Any, url: str, timeout: float) -> None:
    # Late: a worker that has loaded this driver has it.
    import asyncio  # noqa: PLC0415

    async def asked() -> None:
        connection = await driver.connect(_of_libpq(url), timeout=timeout)
        try:
            await connection.execute("SELECT 1")
        finally:
            await connection.close(timeout=timeout)

    # A connection of its own in a loop of its own: this is the check's thread.
    asyncio.run(asked())


_FAMILIES: Final = {
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql",
    "pgsql": "postgresql", "mysql": "mysql", "mysql2": "mysql", "mariadb": "mysql",
    "sqlite": "sqlite", "sqlite3": "sqlite",
}  # fmt: skip
_DRIVERS: Final[dict[str, dict[str, Connect]]] = {
    "postgresql": {"psycopg": _libpq, "psycopg2": _libpq},
    "mysql": {"pymysql": _mysql, "MySQLdb": _mysql},
}
