"""What PostgreSQL's library needs of a URL: as keywords, and as variables for its programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from surefoot.errors import DataError
from surefoot.toolbox.data.url import Url

__all__ = ["parameters", "variables"]

# Only the environment keeps a password from the arguments, which every user can read.
_VARIABLES: Final = {
    "dbname": "PGDATABASE",
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
# What may stand in a URL: drivers have parameters of their own, which the library would refuse.
_KNOWN: Final = frozenset(_VARIABLES) | {"sslpassword", "sslnegotiation", "require_auth"}
_HOST: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.%]+\]|[^:\[\]@]*)(?::(?P<port>\d{0,5}))?")
_ASYNCPG_SSL: Final = {
    name: name for name in ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
} | {"true": "require", "True": "require"}


def parameters(url: Url) -> dict[str, str]:
    """What libpq needs of the URL, without what is its driver's alone.

    Not by libpq's own reader: it ends a password at its first ``@``, the drivers' end it at the
    last, and what follows the first would be shown as the name of a host.

    Raises:
        DataError: It cannot be read; it is not repeated, because it holds a password.
    """
    who, _, where = url.place.rpartition("@")
    user, _, password = who.partition(":")
    hosts = [_host(host) for host in where.split(",")]
    told = {
        "user": unquote(user),
        "password": unquote(password),
        "dbname": unquote(url.database),
        "host": ",".join(host for host, _ in hosts),
        "port": ",".join(port for _, port in hosts),
    }
    return {name: value for name, value in told.items() if value.strip(",")} | _query(url)


def _host(text: str) -> tuple[str, str]:
    match = _HOST.fullmatch(text)
    if match is None:
        raise DataError(
            "the database URL has a host or port that cannot be read",
            do='write it as "postgresql://user:password@host:port/name"',
        )
    return unquote(match["host"].strip("[]")), match["port"] or ""


def _query(url: Url) -> dict[str, str]:
    found = {name: value for name, value in url.query.items() if name in _KNOWN}
    ssl = _ASYNCPG_SSL.get(url.query.get("ssl", ""))
    return {"sslmode": ssl} | found if ssl else found


def variables(told: Mapping[str, str]) -> dict[str, str]:
    """These parameters as ``pg_dump`` and ``psql`` find them in their environment."""
    return {_VARIABLES[name]: value for name, value in told.items() if name in _VARIABLES}
