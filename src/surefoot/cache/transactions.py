"""Invalidations that wait for the commit of a Django database.

Django itself remembers what is to be done after the commit, and forgets it with the transaction, or
with the savepoint, that is rolled back (``transaction.on_commit``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from surefoot.cache.pending import Pending
from surefoot.errors import UsageError

__all__ = ["DjangoPending", "django_database"]

Connection = Callable[[], Any]
Forget = Callable[[tuple[str, ...], tuple[str, ...]], object]


def django_database(database: Any) -> Connection | None:
    """What gives a thread its connection to a database of Django's; nothing if it is none.

    Args:
        database: An alias, or a connection.

    Raises:
        UsageError: There is no such alias, or no Django.
    """
    if hasattr(database, "on_commit") and hasattr(database, "savepoint_ids"):
        return lambda: database
    if not isinstance(database, str):
        return None
    try:
        from django.db import connections  # noqa: PLC0415 - the application's
    except ImportError:
        raise UsageError(
            f"after_commit({database!r}) names a database of Django, and there is no Django",
            do="give a session of SQLAlchemy",
        ) from None
    if database not in connections:
        raise UsageError(
            f"Django has no database {database!r}",
            do=f"give an alias of DATABASES: {', '.join(connections)}",
        )
    return lambda: connections[database]


class DjangoPending(Pending):
    """Keys and tags of one cache, handed to Django as they come.

    Args:
        cache: Whose they are.
        connection: Gives Django's, of the thread that asks.
        forget: What to do with them after the commit; at once where no transaction is under way.
    """

    def __init__(self, cache: object, connection: Connection, forget: Forget) -> None:
        super().__init__(cache)
        self._connection = connection
        self._forget = forget
        self._last: _Hook | None = None

    def add(self, keys: Iterable[str], tags: Iterable[str]) -> None:
        """To be forgotten, too.

        Raises:
            UsageError: The connection is neither in a transaction of Django's nor in autocommit.
        """
        connection = self._connection()
        if self._last is not None and _is_last(connection, self._last):
            self._last.add(keys, tags)
            return
        hook = _Hook(self._forget)
        hook.add(keys, tags)
        self._last = hook
        from django.db.transaction import TransactionManagementError  # noqa: PLC0415

        try:
            connection.on_commit(hook)
        except TransactionManagementError as error:
            raise UsageError(
                "without autocommit Django does not tell of commits",
                do="open the transaction with atomic(), or invalidate after the commit",
            ) from error


class _Hook:
    """One function that Django calls after the commit."""

    def __init__(self, forget: Forget) -> None:
        self._forget = forget
        self._keys: dict[str, None] = {}
        self._tags: dict[str, None] = {}
        # Django names it where it logs.
        self.__qualname__ = "surefoot.cache.after_commit"

    def add(self, keys: Iterable[str], tags: Iterable[str]) -> None:
        self._keys |= dict.fromkeys(keys)
        self._tags |= dict.fromkeys(tags)

    def __call__(self) -> None:
        self._forget(tuple(self._keys), tuple(self._tags))


def _is_last(connection: Any, hook: _Hook) -> bool:
    """Whether the hook is the last that Django remembers, and of the same savepoints.

    Then it runs if and only if a new one would: a thousand invalidations of one transaction are one
    round trip and not a thousand.
    """
    waiting = connection.run_on_commit
    if not waiting:
        return False
    savepoints, function, *_ = waiting[-1]
    return function is hook and savepoints == set(connection.savepoint_ids)
