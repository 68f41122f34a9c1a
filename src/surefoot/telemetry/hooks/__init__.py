"""One file per driver: ``MODULE`` says whose import triggers it, ``install`` wraps that module.

A new driver is one file here and one line in ``HOOKS``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

__all__ = ["HOOKS", "Hook", "load"]

HOOKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "aiohttp": "aiohttp.client",
        "aiosmtplib": "aiosmtplib.smtp",
        "aiosqlite": "aiosqlite.core",
        "anyio_threads": "anyio.to_thread",
        "async_stores": "surefoot.stores._async.guarded",
        "asyncio_locks": "asyncio.locks",
        "asyncpg": "asyncpg",
        "executors": "concurrent.futures.thread",
        "http_client": "http.client",
        "httpx": "httpx",
        "mysqldb": "MySQLdb.connections",
        "psycopg": "psycopg",
        "psycopg2": "psycopg2",
        "psycopg_pool": "psycopg_pool",
        "pylibmc": "pylibmc.client",
        "pymemcache": "pymemcache.client.base",
        "pymongo": "pymongo.monitoring",
        "pymysql": "pymysql",
        "redis": "redis.client",
        "redis_asyncio": "redis.asyncio.client",
        "requests": "requests.sessions",
        "smtplib": "smtplib",
        "sqlalchemy_pool": "sqlalchemy.pool.impl",
        "sqlite3": "sqlite3",
        "stores": "surefoot.stores._sync.guarded",
        "subprocess": "subprocess",
        "tornado_client": "tornado.httpclient",
        "urllib3": "urllib3.connectionpool",
    }
)
"""File in this package to the module whose import triggers it."""


class Hook(Protocol):
    """What every file in this package offers."""

    MODULE: str

    def install(self, module: ModuleType, recorder: Recorder) -> None:
        """Wrap what is to be measured; ``module`` has just been executed."""


def load(name: str) -> Hook:
    """Import one hook."""
    return cast("Hook", importlib.import_module(f"{__name__}.{name}"))
