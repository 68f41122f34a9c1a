"""The configuration that a run was made with, as far as levers may change it."""

from __future__ import annotations

from typing import Final

from surefoot.config import Config, keys, listed, to_mapping
from surefoot.config.path import entry_name
from surefoot.config.rules import without_password

__all__ = ["Value", "default", "settled"]

Value = str | int | float | bool

# Not [app]: a factory's settings may hold what is nobody's business.
_TABLES: Final = ("server", "response")
_OF_RESPONSES: Final = ("ttl", "everybody")


def settled(config: Config) -> tuple[tuple[str, Value], ...]:
    """Dotted keys and their values; of databases and cached routes only those with a table."""
    tables = to_mapping(config)
    found: list[tuple[str, Value]] = [
        (f"{table}.{name}", value) for table in _TABLES for name, value in tables[table].items()
    ]
    found.append(("slo.stale", config.slo.stale))
    found.append(("cache.url", without_password(config.cache.url)))
    found.append(("cache.local", config.cache.local))
    for entry in config.cache.response:
        for leaf in _OF_RESPONSES:
            key = entry_name("cache.response", entry.route, leaf)
            found.append((key, getattr(entry, leaf)))
    for database, values in tables["database"].items():
        found += [(f"database.{database}.{name}", value) for name, value in values.items()]
    return tuple(found)


def default(name: str) -> Value:
    """What a key is where nothing sets it.

    Raises:
        KeyError: There is no such key.
    """
    table, _, leaf = name.rpartition(".")
    parent = table.partition(".")[0]
    of_list = f"{table.partition('[')[0]}[].{leaf}"
    for key in (*keys(), *listed()):
        if key.name in {name, f"{parent}.*.{leaf}", of_list}:
            value: Value = key.default
            return value
    raise KeyError(name)
