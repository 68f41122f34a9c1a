"""Every key, read off the tables' fields: for the reader, the options, the schema and the docs."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin

from surefoot.config.cache import CachedResponse
from surefoot.config.health import HealthCheck
from surefoot.config.rules import Rule
from surefoot.config.tables import Config

__all__ = ["LISTED", "NAMED", "Key", "declared", "keys", "listed", "tables"]

NAMED: Final = frozenset({"database"})
"""Tables of tables: ``[database.NAME]``."""

LISTED: Final[dict[str, type]] = {"cache.response": CachedResponse, "health.check": HealthCheck}
"""Lists of tables: ``[[cache.response]]``, ``[[health.check]]``."""

_TYPE_WORDS: Final = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Key:
    """One declared key, for the schema, the docs and the options of commands."""

    name: str
    """Dotted, ``"server.threads"``; ``"database.*.pool_size"`` under a table of tables, and
    ``"cache.response[].ttl"`` under a list of them."""
    type: type
    default: Any
    doc: str
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    allowed: str
    """What may stand there, as an error says it."""
    show: Callable[[Any], str] | None
    public: Callable[[Any], Any]
    """What may be shown of a value, to a terminal or a file."""

    @property
    def variable(self) -> str:
        """The environment variable that sets it; empty where none can."""
        if "*" in self.name or "[]" in self.name or self.type in {dict, tuple}:
            return ""
        return "SUREFOOT_" + self.name.replace(".", "_").upper()

    def text(self, value: Any) -> str:
        """The value as the file would hold it."""
        if self.show is not None:
            return f'"{self.show(value)}"'
        if isinstance(value, tuple | list):
            return json.dumps(list(value), ensure_ascii=False)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return str(value)


def keys() -> Iterator[Key]:
    """Every key of the configuration, in the order of the file."""
    for name, table in tables():
        prefix = f"{name}.*" if name in NAMED else name
        rules = (f for f in dataclasses.fields(table) if f"{name}.{f.name}" not in LISTED)
        yield from (declared(prefix, f) for f in rules)


def listed() -> Iterator[Key]:
    """Every key of the tables that may come several times."""
    for name, table in LISTED.items():
        yield from (declared(f"{name}[]", f) for f in dataclasses.fields(table))


def tables() -> Iterator[tuple[str, type]]:
    """Name and dataclass of every table."""
    hints = typing.get_type_hints(Config)
    for entry in dataclasses.fields(Config):
        hint = hints[entry.name]
        yield entry.name, (get_args(hint)[1] if entry.name in NAMED else hint)


def declared(prefix: str, entry: dataclasses.Field[Any]) -> Key:
    """The key that a field of a table declares."""
    rule: Rule = entry.metadata["rule"]
    hint = _hints(prefix)[entry.name]
    origin = get_origin(hint)
    base = tuple if origin is tuple else dict if origin is not None else hint
    return Key(
        name=f"{prefix}.{entry.name}",
        type=base,
        default={} if base is dict else entry.default,
        doc=rule.doc,
        choices=rule.choices,
        minimum=rule.minimum,
        maximum=rule.maximum,
        allowed=_allowed(rule, base),
        show=rule.show,
        public=rule.public or (lambda value: value),
    )


def _hints(prefix: str) -> dict[str, Any]:
    table = LISTED.get(prefix.removesuffix("[]")) or dict(tables())[prefix.partition(".")[0]]
    return typing.get_type_hints(table)


def _allowed(rule: Rule, base: type) -> str:
    if rule.choices:
        return "one of " + ", ".join(f'"{c}"' for c in rule.choices if c)
    words = rule.allowed or _TYPE_WORDS.get(base, "a table")
    if rule.minimum is not None and rule.maximum is not None:
        show = rule.show or (lambda bound: f"{bound:g}")
        words += f" from {show(rule.minimum)} to {show(rule.maximum)}"
    return words
