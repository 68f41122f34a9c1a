"""The few settings of a bookshop: arguments of its factory, else the environment, else defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bookshop import faults
from bookshop.seed import VERSION


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a bookshop finds what it needs, and which faults it has."""

    faults: frozenset[str]
    database_url: str
    """``sqlite:///file`` or ``postgresql://user@host/name``."""
    services: str
    """Address of the price, delivery and stock services, ``"http://127.0.0.1:9001"``."""
    mail: str
    """``"host:port"`` of the mail server."""

    def has(self, fault: str) -> bool:
        """Whether the fault is in; the name must be a known one."""
        if fault not in faults.FAULTS:
            raise KeyError(fault)
        return fault in self.faults


def read(
    environ: Mapping[str, str] = os.environ,
    *,
    faults_in: str | None = None,
    database_url: str | None = None,
    services: str | None = None,
    mail: str | None = None,
) -> Settings:
    """Arguments win over ``BOOKSHOP_FAULTS``, ``DATABASE_URL``, ``BOOKSHOP_SERVICES``, etc.

    Raises:
        ValueError: A fault or a database is unknown.
    """
    return Settings(
        faults.parse(faults_in if faults_in is not None else environ.get("BOOKSHOP_FAULTS")),
        _database(database_url or environ.get("DATABASE_URL") or "", environ),
        services or environ.get("BOOKSHOP_SERVICES") or "http://127.0.0.1:9001",
        mail or environ.get("BOOKSHOP_MAIL") or "127.0.0.1:9002",
    )


def _database(url: str, environ: Mapping[str, str]) -> str:
    if not url:
        return f"sqlite:///{_data(environ) / f'bookshop-{VERSION}.sqlite3'}"
    scheme, separator, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if separator and kind in {"postgres", "postgresql"}:
        return f"postgresql+psycopg://{rest}"
    if separator and kind == "sqlite":
        return f"sqlite://{rest}"
    raise ValueError(f"DATABASE_URL begins with {scheme}://; sqlite and postgresql are known")


def _data(environ: Mapping[str, str]) -> Path:
    named = environ.get("BOOKSHOP_DATA")
    if named:
        return Path(named).resolve()
    cache = environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "surefoot-bookshop"
