"""Whether the database answers the cheapest of questions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from surefoot.health.looks import engines
from surefoot.health.looks.drivers import select_one

__all__ = ["Database"]


class Database:
    """Asks every database of the application: by a URL, or else what Django or SQLAlchemy know.

    Args:
        url: Where it is told; asked over the driver that the application has loaded, on a
            connection of its own.
        directory: Where a relative path of SQLite's begins.
        timeout: Seconds for a connection, where the driver can be told.
    """

    def __init__(self, url: str, directory: Path, timeout: float) -> None:
        self._url = url
        self._directory = directory
        self._timeout = timeout

    def __call__(self) -> None:
        """Raises where one does not answer."""
        if self._url:
            select_one(self._url, self._directory, self._timeout)
            return
        asked = _ask_django()
        for engine in engines.known():
            engines.ask(engine, _select_one, self._timeout)
            asked += 1
        if not asked:
            raise RuntimeError("no database is known: name the variable of its URL in url_env")


def _ask_django() -> int:
    """How many databases of Django's answered."""
    database: Any = sys.modules.get("django.db")
    if database is None or not _is_configured():
        return 0
    asked = 0
    for connection in database.connections.all():
        if connection.vendor == "unknown":
            # That of a project without a database.
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1{connection.features.bare_select_suffix}")
            cursor.fetchall()
        asked += 1
    return asked


def _is_configured() -> bool:
    from django.conf import settings  # noqa: PLC0415 - the application has imported Django

    return bool(settings.configured)


def _select_one(connection: Any) -> None:
    from sqlalchemy import select  # noqa: PLC0415 - the application has imported it

    # As a construct, not as text: some dialects want a table.
    connection.execute(select(1)).all()
