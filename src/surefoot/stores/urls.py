"""From a URL to the store that it names."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from surefoot.errors import ConfigError
from surefoot.ports import AsyncStore, Store
from surefoot.units import parse_bytes, parse_duration

__all__ = ["SCHEMES", "async_from_url", "from_url"]

_Number = TypeVar("_Number", int, float)

SCHEMES: Final = ("memory", "sqlite", "redis", "rediss", "unix", "memcached")
"""What a store's URL may begin with."""


def from_url(url: str, directory: Path | None = None) -> Store:
    """The store of a URL, for threads; one that may fail is behind a breaker.

    ``memory://``, with ``max_bytes`` and ``max_entries``; ``sqlite:///cache.db`` (four slashes for
    an absolute path), with ``max_bytes`` and ``timeout``; ``redis://``, ``rediss://`` and
    ``unix://`` (see ``redis_options``); ``memcached://host:port,host:port`` or
    ``memcached:///socket``, with ``timeout``.

    Args:
        url: As above.
        directory: Where a relative path begins; the working directory if not given.

    Raises:
        ConfigError: It names no store, or a package that the store needs is not installed.
        UsageError: An option cannot be read.
    """
    scheme = _scheme(url)
    if scheme == "memory":
        return _memory(url)
    store: Store = _made(scheme, url, directory, asynchronous=False)
    return _class("guarded", "Guarded")(store)  # type: ignore[no-any-return]


def async_from_url(url: str, directory: Path | None = None) -> AsyncStore:
    """As ``from_url``, for event loops."""
    scheme = _scheme(url)
    if scheme == "memory":
        return _class("inline", "AsyncInline")(_memory(url))  # type: ignore[no-any-return]
    store: AsyncStore = _made(scheme, url, directory, asynchronous=True)
    return _class("guarded", "AsyncGuarded")(store)  # type: ignore[no-any-return]


def _scheme(url: str) -> str:
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES or "://" not in url:
        # What is no URL may be anything, a password too.
        raise ConfigError(
            "the URL of a store begins with " + ", ".join(f"{name}://" for name in SCHEMES),
            do='begin with "sqlite:///cache.db": it needs no server',
        )
    return scheme


def _memory(url: str) -> Store:
    options = _options(url, {"max_bytes": _bytes, "max_entries": _count})
    return _class("memory", "MemoryStore")(**options)  # type: ignore[no-any-return]


def _made(scheme: str, url: str, directory: Path | None, *, asynchronous: bool) -> Any:
    first = "Async" if asynchronous else ""
    if scheme == "sqlite":
        options = _options(url, {"max_bytes": _bytes, "timeout": _seconds})
        path = unquote(urlsplit(url).path)[1:]
        if not path:
            raise ConfigError("a sqlite:// URL names a file, as in sqlite:///cache.db")
        where = (directory or Path.cwd()) / path
        # A path that cannot be used is said now, and not by every request.
        importlib.import_module("surefoot.stores.sqlite_file").check(where.absolute())
        return _class("sqlite", first + "SQLiteStore")(where, **options)
    if scheme == "memcached":
        if asynchronous:
            raise ConfigError(
                "there is no sound client for Memcached in event loops",
                do="use redis:// or sqlite:// with an ASGI application",
            )
        _need("pymemcache", "memcached")
        return _class("memcached", "MemcachedStore")(url)
    _need("redis", "redis")
    return _class("redis", first + "RedisStore")(url)


def _need(package: str, extra: str) -> None:
    try:
        importlib.import_module(package)
    except ImportError as error:
        raise ConfigError(
            f"a {extra} URL needs the package {package}", do=f"pip install surefoot[{extra}]"
        ) from error


def _class(module: str, name: str) -> Any:
    # One at a time: a worker that needs SQLite loads no Redis.
    return getattr(importlib.import_module(f"surefoot.stores.{module}"), name)


def _bytes(text: str) -> int:
    return _above_zero(int(text) if text.isdigit() else parse_bytes(text))


def _count(text: str) -> int:
    return _above_zero(int(text))


def _seconds(text: str) -> float:
    return _above_zero(parse_duration(f"{text}s" if text.isdigit() else text))


def _above_zero(value: _Number) -> _Number:
    if not value > 0:
        raise ValueError("it has to be above 0")
    return value


def _options(url: str, known: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    for name in found:
        if name not in known:
            raise ConfigError(
                f"{_scheme(url)}:// has no option {name!r}", do=f"use one of {', '.join(known)}"
            )
    try:
        return {name: known[name](text) for name, text in found.items()}
    except ValueError as error:
        raise ConfigError(f"an option of {_scheme(url)}:// cannot be read: {error}") from error
