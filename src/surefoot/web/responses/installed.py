"""From ``[cache]`` to what wraps the application."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from surefoot import stores
from surefoot.config import Cache, CachedResponse
from surefoot.core.http_cache.storing import Wanted
from surefoot.core.http_cache.template import Template
from surefoot.telemetry.imports import ImportWatch
from surefoot.web import frameworks
from surefoot.web.responses import django, flask, pyramid, sessions, starlette
from surefoot.web.responses.caching import Caching, Route
from surefoot.web.responses.observing import unseen

__all__ = ["hook", "install", "routes"]


@functools.cache
def hook() -> None:
    """Put the doors of the frameworks in, once, as soon as the application imports them."""
    frameworks.hook()
    adapters = (django, flask, pyramid, starlette)
    doors = {name: door for each in adapters for name, door in each.INSTALLERS.items()}
    ImportWatch({name: _careful(name, door) for name, door in doors.items()}).install()


def _careful(name: str, door: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    def put_in(module: ModuleType) -> None:
        try:
            door(module)
        except Exception as error:  # noqa: BLE001 - a release that is built otherwise still serves
            unseen.append(name)
            sys.stderr.write(f"surefoot: no answers are kept: {name} is not as expected: {error}\n")

    return put_in


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
    found = routes(cache.response, encoded=encoded, space=cache.name)
    for name in cache.sessions:
        sessions.learn(name)
    caching = Caching(found, cache.largest, cache.fingerprinted, status=cache.status)
    from_url: Callable[..., Any] = stores.from_url if wanted == "wsgi" else stores.async_from_url
    store = from_url(cache.url, directory)
    if found:
        hook()
    shell = importlib.import_module(f"surefoot.web.responses.{wanted}")
    return lambda application: shell.Cached(application, caching, store)


def routes(
    entries: Iterable[CachedResponse], *, encoded: bool, space: str = ""
) -> tuple[Route, ...]:
    """The routes of a configuration."""
    return tuple(_route(entry, encoded=encoded, space=space) for entry in entries)


def _route(entry: CachedResponse, *, encoded: bool, space: str) -> Route:
    template = Template.read(entry.route)
    wanted = Wanted(
        template.path,
        entry.ttl,
        entry.stale,
        frozenset(name.lower() for name in entry.headers),
        frozenset(entry.cookies),
        frozenset(name.lower() for name in entry.ignore),
        encoded,
        entry.everybody,
        space,
    )
    return Route(template, wanted, entry.browser, entry.network)
