"""From ``[cache]`` to what wraps the application."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from surefoot.config import Cache, CachedResponse
from surefoot.core.http_cache.storing import Wanted
from surefoot.core.http_cache.template import Template
from surefoot.telemetry.imports import ImportWatch
from surefoot.web.responses import flask, sessions, starlette
from surefoot.web.responses.caching import Caching, Route
from surefoot.web.responses.opened import opened

__all__ = ["hook", "install", "routes"]


@functools.cache
def hook() -> None:
    """Put the doors of the frameworks in, once, as soon as the application imports them."""
    ImportWatch({**flask.INSTALLERS, **starlette.INSTALLERS}).install()


def install(
    cache: Cache, wanted: str, directory: Path, *, encoded: bool
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Everything that comes before the import of the application.

    Args:
        cache: The configuration.
        wanted: ``"wsgi"`` or ``"asgi"``.
        directory: Where relative paths of the URL start.
        encoded: Whether answers are compressed before they are kept.

    Returns:
        What wraps the application.

    Raises:
        ConfigError: The URL or a route cannot be read.
    """
    found = routes(cache.response, encoded=encoded)
    for name in cache.sessions:
        sessions.learn(name)
    caching = Caching(found, cache.largest, cache.fingerprinted)
    store = opened(cache.url, wanted, directory)
    if found:
        hook()
    shell = importlib.import_module(f"surefoot.web.responses.{wanted}")
    return lambda application: shell.Cached(application, caching, store)


def routes(entries: Iterable[CachedResponse], *, encoded: bool) -> tuple[Route, ...]:
    """The routes of a configuration."""
    return tuple(_route(entry, encoded=encoded) for entry in entries)


def _route(entry: CachedResponse, *, encoded: bool) -> Route:
    template = Template.read(entry.route)
    wanted = Wanted(
        template.path,
        entry.ttl,
        entry.stale,
        frozenset(name.lower() for name in entry.headers),
        frozenset(entry.cookies),
        frozenset(name.lower() for name in entry.ignore),
        encoded,
    )
    return Route(template, wanted, entry.browser, entry.network)
