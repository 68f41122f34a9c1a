"""How MySQL's and MariaDB's statements are named, for both of their drivers."""

from __future__ import annotations

from typing import Any, Final

from surefoot.telemetry.statements import MYSQL, Statements

__all__ = ["Named", "commit", "connect", "fetch"]

_RESOURCE: Final = "db.wait"


class Named:
    """Describes calls whose second argument is a statement."""

    def __init__(self) -> None:
        # Of their own: what is a name in other databases, "..." in quotes, is a value here.
        self._statements = Statements(MYSQL)

    def __call__(self, _: Any, query: Any, *__: Any, **___: Any) -> Any:
        """A call of ``execute``, ``executemany`` or ``callproc``."""
        found = self._statements.get(query)
        return _RESOURCE, found.text, 1, found


def fetch(*_: Any, **__: Any) -> Any:
    """Rows of a cursor that leaves them with the server."""
    return _RESOURCE, "(fetch)", 0, None


def commit(*_: Any, **__: Any) -> Any:
    """The end of a transaction."""
    return _RESOURCE, "COMMIT", 1, None


def connect(*_: Any, **__: Any) -> Any:
    """A new connection."""
    return _RESOURCE, "(connect)", 1, None
