"""The checks that ``[[health.check]]`` names, and what has to be watched for them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from surefoot.config import CHECK_KINDS, HealthCheck
from surefoot.errors import ConfigError
from surefoot.health.checks import Check

__all__ = ["Surroundings", "configured_checks", "prepare"]

_OF_ENGINES: Final = frozenset({"database", "migrations"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the kinds of checks fall back to."""

    directory: Path
    """Of the application."""
    database_url_env: str = ""
    cache_url: str = ""


def prepare(checks: tuple[HealthCheck, ...]) -> None:
    """Watch what the application makes that a check will need; to be called before its import.

    Raises:
        ConfigError: A check says too little, or nothing that is known.
    """
    for check in checks:
        _kind(check)
    if any(_kind(check) in _OF_ENGINES for check in checks):
        _late("engines").watch()


def configured_checks(
    checks: tuple[HealthCheck, ...], around: Surroundings, environ: Mapping[str, str]
) -> list[Check]:
    """The checks themselves.

    Raises:
        ConfigError: As ``prepare``; or a URL that one needs is not there.
    """
    return [
        Check(each.name, _function(each, around, environ), each.hard, each.timeout)
        for each in checks
    ]


def _kind(check: HealthCheck) -> str:
    kind = check.kind or check.name
    if kind not in CHECK_KINDS:
        raise ConfigError(
            f"[[health.check]] {check.name} does not say what it looks at",
            do=f"give it a kind: {', '.join(CHECK_KINDS)}",
        )
    return kind


def _function(
    check: HealthCheck, around: Surroundings, environ: Mapping[str, str]
) -> Callable[[], Any]:
    kind = _kind(check)
    made: Callable[[], Any]
    if kind == "database":
        url = _url(check, around.database_url_env, environ)
        made = _late("database").Database(url, around.directory, check.timeout)
    elif kind == "cache":
        url = _url(check, "", environ) or around.cache_url
        made = _late("cache").Cache(url, around.directory)
    elif kind == "broker":
        made = _late("broker").Broker(_needed(check, environ), check.timeout)
    elif kind == "disk":
        made = _late("disk").Disk(around.directory / Path(check.directory).expanduser(), check.free)
    else:
        where = around.directory / Path(check.directory).expanduser()
        made = _late("migrations").Migrations(where, _url(check, "", environ))
    return made


def _url(check: HealthCheck, fallback: str, environ: Mapping[str, str]) -> str:
    """Empty where no variable is named, or only one that need not be there."""
    return _needed(check, environ) if check.url_env else environ.get(fallback, "")


def _needed(check: HealthCheck, environ: Mapping[str, str]) -> str:
    if not check.url_env:
        raise ConfigError(
            f"[[health.check]] {check.name} has no url_env",
            do='name the environment variable that holds the URL, as url_env = "BROKER_URL"',
        )
    url = environ.get(check.url_env, "")
    if not url:
        raise ConfigError(f"[[health.check]] {check.name}: {check.url_env} is not set")
    return url


def _late(name: str) -> Any:
    return importlib.import_module(f"surefoot.health.looks.{name}")
