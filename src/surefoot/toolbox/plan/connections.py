"""How many connections the application's database takes, asked of it or assumed."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from surefoot.config import Settings
from surefoot.toolbox.env_file import read_env_file

__all__ = ["Room", "room"]

_ASSUMED: Final = 100
_RESERVED: Final = 3
_SECONDS: Final = 5
_POSTGRES: Final = re.compile(r"(postgres(?:ql)?)(?:\+\w+)?(://.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Room:
    """The database's limit on connections, and how it is known."""

    most: int
    """PostgreSQL's ``max_connections``."""
    reserved: int
    """What it keeps for administrators."""
    source: str
    """``"asked of the database"``, ``"given"``, or ``"assumed"`` and why."""


def room(settings: Settings, given: int | None, environ: Mapping[str, str] = os.environ) -> Room:
    """Ask PostgreSQL, or take what was given, or PostgreSQL's default; a URL is never shown."""
    if given is not None:
        return Room(given, min(_RESERVED, given), "given")
    name = settings.config.data.url_env
    if not name:
        return _assumed("no [data] url_env names its URL")
    environment = dict(environ)
    if settings.config.app.env_file:
        environment |= read_env_file(settings.path(settings.config.app.env_file))
    url = _POSTGRES.fullmatch(environment.get(name, ""))
    if url is None:
        return _assumed(f"{name} holds no PostgreSQL URL")
    return _asked("postgresql" + url[2]) or _assumed("the database could not be asked")


def _assumed(why: str) -> Room:
    return Room(_ASSUMED, _RESERVED, f"assumed, PostgreSQL's default: {why}")


def _asked(url: str) -> Room | None:
    try:
        psycopg = importlib.import_module("psycopg")
    except ImportError:
        return None
    # What fails here fails for reasons of its own (network, rights, a pooler in between), and a
    # plan can be made without it.
    with (
        contextlib.suppress(psycopg.Error, OSError, ValueError),
        psycopg.connect(url, connect_timeout=_SECONDS) as connection,
    ):
        found = {
            name: int(connection.execute(f"SHOW {name}").fetchone()[0])
            for name in ("max_connections", "superuser_reserved_connections")
        }
        return Room(
            found["max_connections"],
            found["superuser_reserved_connections"],
            "asked of the database",
        )
    return None
