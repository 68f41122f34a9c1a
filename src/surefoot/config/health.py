"""``[health]`` and ``[[health.check]]``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from surefoot.config.rules import duration, key

__all__ = ["CHECK_KINDS", "Health", "HealthCheck"]

CHECK_KINDS: Final = ("database", "cache", "broker", "disk", "migrations")
"""The checks that are built in."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX: Final = re.compile(r"(?:/(?:[A-Za-z0-9._~-]+/)*)?")


def _name(value: Any) -> str:
    text = str(value)
    if not _NAME.fullmatch(text):
        raise ValueError
    return text


def _prefix(value: Any) -> str:
    text = str(value)
    if not _PREFIX.fullmatch(text):
        raise ValueError
    return text


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One thing that /readyz looks at."""

    name: str = key(
        "",
        "What the check is called: one of the kinds, or a name of your own.",
        parse=_name,
        allowed="letters, digits, '.', '_' and '-'",
    )
    kind: str = key(
        "", "What is looked at, where the name does not say it.", choices=("", *CHECK_KINDS)
    )
    hard: bool = key(
        False,
        "Whether a failure takes the replica out of service (503). What all replicas share is "
        "better left soft: it would take all of them out at once.",
    )
    timeout: float = duration(1.0, "For how long it may take.", minimum=0.01, maximum=60.0)
    url_env: str = key(
        "",
        "Environment variable with the URL of the database, the cache or the broker. Default: "
        "data.url_env for a database, cache.url for the cache.",
    )
    directory: str = key(
        "",
        "The directory on the disk that is looked at; of migrations, where alembic.ini lies.",
    )
    free: float = key(0.05, "Share of the disk that has to be free.", minimum=0.0, maximum=1.0)


@dataclass(frozen=True, slots=True)
class Health:
    """Where the process says how it is, and to whom in detail."""

    prefix: str = key(
        "/",
        "Where livez, readyz and startupz are answered in the application's place; empty for "
        "nowhere.",
        parse=_prefix,
        allowed='a path that begins and ends with "/", such as "/-/", or nothing',
    )
    token_env: str = key(
        "",
        "Environment variable with a token; who sends it as Authorization: Bearer is shown the "
        "details that others than this host are not.",
    )
    check: tuple[HealthCheck, ...] = field(default=())
