"""Copies of a PostgreSQL database on its own server, made from a template."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from surefoot.errors import DataError
from surefoot.toolbox.data.dump import Dump
from surefoot.toolbox.data.libpq import parameters
from surefoot.toolbox.data.url import Url, redacted

__all__ = ["PostgresCopies"]

_PREFIX: Final = "surefoot_"
_MAINTENANCE: Final = "postgres"
# First half of the advisory locks that runs hold; "SF" and a number of our own.
_LOCK_CLASS: Final = 0x5346_0001
_CONNECT_SECONDS: Final = 10
_ROLE_DO: Final = (
    "let a superuser run ALTER ROLE ... CREATEDB for the role in the URL, or give [data] copy and "
    "reset commands"
)

_SERVER_DO: Final = "check that the server runs and that the URL in the variable is right"
_COPY_DO: Final = "[data] copy and reset commands can copy it in another way"
_OPEN: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
)
_SESSIONS: Final = (
    "SELECT (SELECT count(*) FROM pg_stat_activity a WHERE a.datname = d.datname "
    "AND backend_type = 'client backend') + sessions "
    "FROM pg_stat_database d WHERE datname = %s"
)
_IN_USE_DO: Final = "stop what is connected to it; SELECT * FROM pg_stat_activity shows that"


class PostgresCopies:
    """Databases named ``surefoot_RUN_LABEL`` beside the source.

    The run's part of the name is a number on which the run holds an advisory lock. The server lets
    go of it when the connection ends, however the run ends: databases of a number that nobody
    holds are left over from a killed run, and are dropped.
    """

    def __init__(self, url: Url) -> None:
        self._url = url
        self._parameters = parameters(url)
        self._source = str(self._parameters.get("dbname") or self._parameters.get("user") or "")
        self._run = secrets.randbits(31)
        self._pristine = self._name("pristine")
        self._made: set[str] = set()
        self._dump: Dump | None = None
        self.notes: tuple[str, ...] = ()
        self.size = 0
        with self._explained("connect to", _SERVER_DO):
            self._connection = self._connect()

    def prepare(self, _count: int) -> None:
        """Take the state that every copy starts from.

        Raises:
            DataError: The server refuses, or the source is in use and cannot be dumped either.
        """
        with self._explained("copy"):
            self._hold()
            self._sweep()
            self.size = self._size()
            settings = self._settings_of(self._source)
            self._take()
        self._settings = settings

    def make(self, label: str) -> Url:
        """A fresh copy; one that is there already is replaced.

        Raises:
            DataError: The server refuses.
        """
        name = self._name(label)
        with self._explained("copy"):
            self._drop(name)
            self._create(name, self._pristine)
            for setting in self._settings:
                self._apply(name, setting)
        return self._url.for_database(name)

    def used(self, label: str) -> bool | None:
        """Whether anybody has connected to this copy since it was made.

        Raises:
            DataError: The server does not answer.
        """
        # Sessions that have ended are counted since PostgreSQL 14, and reported a moment later.
        new = self._connection.info.server_version >= 140_000
        with self._explained("look at the copy of"):
            ((count,),) = self._execute(_SESSIONS if new else _OPEN, self._name(label))
        return bool(count)

    def cancel(self) -> None:
        """Break off what the server is doing."""
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=2.0)
        if self._dump is not None:
            self._dump.cancel()

    def close(self) -> None:
        """Drop every copy.

        Raises:
            DataError: One could not be dropped; it is named.
        """
        left = []
        for name in sorted(self._made):
            try:
                self._drop(name)
            except psycopg.Error:
                left.append(name)
        self._connection.close()
        if left:
            raise DataError(
                f"the databases {', '.join(left)} could not be dropped",
                do="the next run tries again, or drop them by hand",
            )

    def _take(self) -> None:
        # Asked first: the server itself waits five seconds for the others to leave.
        if self._others():
            self._dumped("others are connected to it", _IN_USE_DO)
            return
        try:
            self._create(self._pristine, self._source)
        except errors.ObjectInUse:
            self._dumped("others are connected to it", _IN_USE_DO)
        except errors.InsufficientPrivilege:
            self._dumped("it belongs to another role", _ROLE_DO)

    def _others(self) -> int:
        ((count,),) = self._execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'",
            self._source,
        )
        return int(count)

    def _name(self, label: str) -> str:
        return f"{_PREFIX}{self._run:08x}_{label}"

    def _connect(self) -> psycopg.Connection[Any]:
        # The source itself last: a connection to it would be in the way of using it as template,
        # were it not for PostgreSQL's leaving out the session that copies.
        try:
            return self._connected(_MAINTENANCE)
        except psycopg.OperationalError:
            return self._connected(self._source)

    def _connected(self, database: str) -> psycopg.Connection[Any]:
        told: dict[str, Any] = {**self._parameters, "dbname": database}
        told |= {"application_name": "surefoot", "connect_timeout": _CONNECT_SECONDS}
        return psycopg.connect(**told, autocommit=True)

    def _hold(self) -> None:
        # A server that ends idle sessions would let go of the lock in the middle of a run.
        with suppress(psycopg.Error):
            self._execute("SET idle_session_timeout = 0")
        self._execute("SELECT pg_advisory_lock(%s, %s)", _LOCK_CLASS, self._run)

    def _sweep(self) -> None:
        found = self._execute(
            "SELECT datname FROM pg_database WHERE datname ~ '^surefoot_[0-9a-f]{8}_[a-z0-9-]+$'"
        )
        for (name,) in found:
            run = int(name.split("_")[1], 16)
            if run == self._run or run >= 2**31:
                continue
            ((free,),) = self._execute("SELECT pg_try_advisory_lock(%s, %s)", _LOCK_CLASS, run)
            if free:
                with suppress(psycopg.Error):
                    self._drop(name)
                self._execute("SELECT pg_advisory_unlock(%s, %s)", _LOCK_CLASS, run)

    def _size(self) -> int:
        ((size,),) = self._execute("SELECT pg_database_size(%s)", self._source)
        return int(size)

    def _create(self, name: str, template: str) -> None:
        self._made.add(name)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def _drop(self, name: str) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._execute(statement.format(sql.Identifier(name)))
        self._made.discard(name)

    def _settings_of(self, database: str) -> list[str]:
        found = self._execute(
            "SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d "
            "ON d.oid = s.setdatabase WHERE d.datname = %s AND s.setrole = 0",
            database,
        )
        return [setting for (setting,) in found]

    def _apply(self, database: str, setting: str) -> None:
        """Give a copy what ALTER DATABASE ... SET gave the source; no template passes that on."""
        name, _, value = setting.partition("=")
        parameter = sql.Identifier(*name.split("."))
        statement = sql.SQL("ALTER DATABASE {} SET {} FROM CURRENT")
        try:
            # By way of a session: a list such as search_path's cannot be quoted as one value. In
            # one transaction: under "read only" as the default no other could alter anything.
            with self._connection.transaction():
                self._execute("SELECT set_config(%s, %s, true)", name, value)
                self._execute(statement.format(sql.Identifier(database), parameter))
        except psycopg.Error:
            note = f"the copies do not have the database's own setting of {name}"
            self.notes = tuple(dict.fromkeys((*self.notes, note)))

    def _dumped(self, why: str, do: str) -> None:
        """Copy by dumping: slower, but nobody has to leave the database for it."""
        dump = Dump.found()
        if dump is None:
            raise DataError(
                f"the database {self._source} cannot be used as a template: {why}", do=do
            )
        statement = sql.SQL(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}"
        )
        ((encoding, collate, ctype),) = self._execute(
            "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database "
            "WHERE datname = %s",
            self._source,
        )
        self._made.add(self._pristine)
        self._execute(statement.format(sql.Identifier(self._pristine), encoding, collate, ctype))
        self._dump = dump
        dump.run(self._parameters | {"dbname": self._source}, self._pristine)
        with self._connected(self._pristine) as fresh:
            # As a database has it that was used for a while: statistics and visibility maps.
            fresh.execute("VACUUM (ANALYZE)")
        self.notes += (
            f"copied by pg_dump, because {why}: tables are packed more tightly than in the source",
        )

    def _execute(self, statement: Any, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []

    @contextmanager
    def _explained(self, what: str, do: str = _COPY_DO) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            said = redacted(str(error).strip(), self._url.text)
            refused = isinstance(error, errors.InsufficientPrivilege)
            raise DataError(
                f"cannot {what} the database {self._source}: {said}",
                do=_ROLE_DO if refused else do,
            ) from None
