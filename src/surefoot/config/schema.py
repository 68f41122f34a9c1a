"""The JSON Schema of ``surefoot.toml``."""

from __future__ import annotations

from typing import Any, Final

from surefoot.config.declared import NAMED, Key, keys, listed
from surefoot.config.rules import COMMAND

__all__ = ["schema"]

_TABLE: Final = {"type": "object", "additionalProperties": False}
_LIST: Final = {"type": "array"}
_JSON_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``surefoot.toml``."""
    tables: dict[str, Any] = {}
    for key in keys():
        table, _, leaf = key.name.rpartition(".")
        name = table.removesuffix(".*")
        properties = tables.setdefault(name, {})
        properties[leaf] = _key_schema(key)
    for key in listed():
        path, _, leaf = key.name.rpartition(".")
        table, _, name = path.removesuffix("[]").rpartition(".")
        entries = tables[table].setdefault(name, _LIST | {"items": _TABLE | {"properties": {}}})
        entries["items"]["properties"][leaf] = _key_schema(key)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "surefoot.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _table_schema(name, keys_) for name, keys_ in tables.items()},
    }


def _table_schema(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    table = _TABLE | {"properties": properties}
    return {"type": "object", "additionalProperties": table} if name in NAMED else table


def _key_schema(key: Key) -> dict[str, Any]:
    entry: dict[str, Any] = {"description": key.doc}
    if key.type is dict:
        return entry | {"type": "object"}
    if key.type is tuple:
        return entry | {"type": "array", "items": {"type": "string"}, "default": []}
    if key.show is not None:
        entry |= {"type": ["string", "number"], "default": key.show(key.default)}
        return entry
    entry |= {"type": _JSON_TYPES[key.type], "default": key.default}
    if key.allowed == COMMAND:
        entry |= {"type": ["string", "array"], "items": {"type": "string"}}
    if key.choices:
        entry["enum"] = list(key.choices)
    if key.minimum is not None:
        entry["minimum"] = key.minimum
    if key.maximum is not None:
        entry["maximum"] = key.maximum
    return entry
