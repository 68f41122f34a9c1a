"""Django's databases: connections that stay open from request to request, or a pool of them.

Set in what Django has made of its ``DATABASES`` when it first looks at them, before any connection
is opened.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from surefoot.web.pools.named import set_for

__all__ = ["MODULE", "install"]

MODULE: Final = "django.db.utils"
_POOLED: Final = ("postgresql", "postgis")
_POOLING: Final = (5, 1)  # the first Django that has a pool
_LEAST: Final = 4  # psycopg's own


def install(module: ModuleType, *, sizes: Mapping[str, int], ages: Mapping[str, float]) -> None:
    """Wrap what reads the settings; ``module`` has just been executed.

    Args:
        module: Django's.
        sizes: Connections of a pool, by name of the database.
        ages: Seconds that a connection stays open, by name of the database.
    """
    handler: Any = module.__dict__["ConnectionHandler"]
    configure = handler.configure_settings

    @functools.wraps(configure)
    def configure_settings(self: Any, databases: Any) -> Any:
        configured = configure(self, databases)
        for alias, described in configured.items():
            try:
                _set(alias, described, sizes, ages)
            except Exception as error:  # noqa: BLE001 - Django's own error is the one to be seen
                _say(f"the database {alias} stays as it is: {error!r}")
        return configured

    handler.configure_settings = configure_settings


def _set(
    alias: str, described: dict[str, Any], sizes: Mapping[str, int], ages: Mapping[str, float]
) -> None:
    options = described.get("OPTIONS") or {}
    if options.get("pool"):
        # psycopg's pool is made with the size by itself; Django wants its connections back.
        return
    size = _named(sizes, alias, described)
    age = _named(ages, alias, described)
    if size and described.get("ENGINE", "").endswith(_POOLED):
        missing = _missing()
        if not missing:
            pool = {"min_size": min(_LEAST, int(size)), "max_size": int(size)}
            described["OPTIONS"] = {**options, "pool": pool}
            described["CONN_MAX_AGE"] = 0
            return
        _say(f"the database {alias} gets no pool: {missing}")
    if age:
        # Whole seconds, as Django has them; checked, or the first request after a restart of the
        # database would fail.
        described["CONN_MAX_AGE"] = max(1, round(age))
        described["CONN_HEALTH_CHECKS"] = True


def _named(table: Mapping[str, float], alias: str, described: Mapping[str, Any]) -> float:
    return table.get(alias) or set_for(table, str(described.get("NAME") or ""))


def _missing() -> str:
    """What a pool lacks; empty where there can be one."""
    django = sys.modules["django"]
    if django.VERSION < _POOLING:
        return "that takes Django 5.1"
    absent = [name for name in ("psycopg", "psycopg_pool") if not importlib.util.find_spec(name)]
    return f"{' and '.join(absent)} would have to be installed" if absent else ""


def _say(what: str) -> None:
    sys.stderr.write(f"surefoot: {what}\n")
