"""psycopg's own pools, sync and async, made with the configured size."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from surefoot.web.pools.named import set_for

__all__ = ["MODULES", "install"]

MODULES: Final = ("psycopg_pool.pool", "psycopg_pool.pool_async")


def install(module: ModuleType, *, sizes: Mapping[str, int]) -> None:
    """Wrap the constructor of the pool that this module holds."""
    pool: Any = getattr(module, "ConnectionPool", None) or module.AsyncConnectionPool
    construct = pool.__init__

    @functools.wraps(construct)
    def __init__(self: Any, conninfo: Any = "", **arguments: Any) -> None:  # noqa: N807
        try:
            size = _size(self, conninfo, arguments, sizes)
        except Exception as error:  # noqa: BLE001 - the pool's own error is the one to be seen
            sys.stderr.write(f"surefoot: a pool keeps its own size: {error!r}\n")
            size = 0
        if size:
            arguments["max_size"] = size
            arguments["min_size"] = min(arguments.get("min_size", _LEAST), size)
        construct(self, conninfo, **arguments)

    pool.__init__ = __init__


_LEAST: Final = 4  # psycopg's own


def _size(pool: Any, conninfo: Any, arguments: Mapping[str, Any], sizes: Mapping[str, int]) -> int:
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - the application has imported it

    # One that keeps no connection open.
    if type(pool).__name__.removeprefix("Async").startswith("Null"):
        return 0
    told = conninfo_to_dict(conninfo) if isinstance(conninfo, str) else {}
    more = arguments.get("kwargs") or {}
    named = (more.get("dbname") if isinstance(more, Mapping) else "") or told.get("dbname", "")
    return int(set_for(sizes, str(named)))
