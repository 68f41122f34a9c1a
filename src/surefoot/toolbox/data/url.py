"""Database URLs: which database one names, the same URL for another, and nothing of its secrets.

The forms are those of SQLAlchemy, Django's ``dj-database-url`` and libpq. A URL is changed by
replacing the name in its text, so that driver, user, password and parameters stay as they were
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

__all__ = ["Kind", "Url", "databases_in", "redacted", "services_in"]

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][\w.+-]*)://(?P<place>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?"
)
_SQLITE: Final = frozenset({"sqlite", "sqlite3", "pysqlite", "spatialite"})
_POSTGRES: Final = frozenset({"postgres", "postgresql", "pgsql", "postgis"})
_OTHERS: Final = frozenset({"mysql", "mariadb", "mssql", "oracle", "cockroachdb", "mongodb"})
_SERVICES: Final = frozenset({"redis", "rediss", "amqp", "amqps", "memcached", "mongodb"})
_MEMORY: Final = ":memory:"


class Kind(StrEnum):
    """What sort of database a URL names."""

    SQLITE = "SQLite"
    POSTGRES = "PostgreSQL"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Url:
    """One database URL; its text is a secret and is never shown."""

    text: str = field(repr=False)

    @property
    def kind(self) -> Kind:
        """What sort of database it names; a text that is no URL is a path of SQLite's."""
        scheme = self.scheme
        if scheme in _SQLITE or not scheme:
            return Kind.SQLITE
        return Kind.POSTGRES if scheme in _POSTGRES else Kind.OTHER

    @property
    def scheme(self) -> str:
        """Without its driver, ``"postgresql"``; empty for a plain path."""
        return _scheme(self.text)

    @property
    def query(self) -> dict[str, str]:
        """Its parameters."""
        return dict(parse_qsl((self._parts["query"] or "?")[1:], keep_blank_values=True))

    @property
    def place(self) -> str:
        """``"user:password@host:port"``, as it is written."""
        return self._parts["place"]

    @property
    def database(self) -> str:
        """The name after the place, still percent-encoded; empty where the default is meant."""
        return self._parts["path"].removeprefix("/")

    @property
    def in_memory(self) -> bool:
        """Whether it is a SQLite database that ends with its process."""
        name = self._sqlite_name()
        return not name or name == _MEMORY or self.query.get("mode") == "memory"

    def file(self, directory: Path) -> Path:
        """The file of a SQLite database, which starts at ``directory`` where it is relative."""
        return directory / Path(self._sqlite_name()).expanduser()

    def existing_file(self, directory: Path) -> Path:
        """The same where the file is: Flask-SQLAlchemy starts at the folder ``instance`` instead.

        Raises:
            FileNotFoundError: It is in neither.
        """
        path = self.file(directory)
        for candidate in (path, self.file(directory / "instance")):
            if candidate.is_file():
                return candidate
        raise FileNotFoundError(path)

    def for_file(self, path: Path) -> Url:
        """The same for another SQLite file, given whole."""
        if not self.scheme:
            return Url(str(path))
        head, _, _ = self.text.partition("://")
        prefix = "file:" if self._parts["path"].startswith("/file:") else ""
        return Url(f"{head}:///{prefix}{quote(str(path))}{self._parts['query'] or ''}")

    def for_database(self, name: str) -> Url:
        """The same for another database of the same PostgreSQL server."""
        query = {key: value for key, value in self.query.items() if key != "dbname"}
        tail = f"?{urlencode(query)}" if query else ""
        if "dbname" not in self.query:
            tail = self._parts["query"] or ""
        head, _, _ = self.text.partition("://")
        return Url(f"{head}://{self.place}/{quote(name)}{tail}")

    def _sqlite_name(self) -> str:
        if not self.scheme:
            return self.text
        # Three slashes lead to a relative path, four to an absolute one.
        return unquote(self._parts["path"].removeprefix("/")).removeprefix("file:")

    @property
    def _parts(self) -> Mapping[str, str]:
        match = _URL.match(self.text)
        return match.groupdict() if match else {"place": "", "path": "", "query": ""}


def redacted(text: str, *secrets: str) -> str:
    """The text without these URLs and without the passwords in them."""
    for secret in secrets:
        match = _URL.match(secret)
        password = match["place"].rpartition("@")[0].partition(":")[2] if match else ""
        for each in (secret, password, unquote(password)):
            if each:
                text = text.replace(each, "...")
    return text


def databases_in(environment: Mapping[str, str]) -> Iterator[str]:
    """Names of the variables whose value looks like the URL of a database."""
    known = _SQLITE | _POSTGRES | _OTHERS
    return (name for name, value in environment.items() if _scheme(value) in known)


def services_in(environment: Mapping[str, str]) -> Iterator[str]:
    """Names of the variables whose value looks like the URL of another store."""
    return (name for name, value in environment.items() if _scheme(value) in _SERVICES)


def _scheme(text: str) -> str:
    match = _URL.match(text)
    return match["scheme"].partition("+")[0].lower() if match else ""
