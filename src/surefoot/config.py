"""One typed, frozen, strict description of an application and of how it is to be run.

Every key is declared once, as a field of a dataclass below: the reader, the environment variables,
the JSON schema, the commented file that ``surefoot init`` writes and the table in the docs are all
derived from that field. An unknown key, a wrong type or an impossible value is one line that names
file, key, what was found, what is allowed and the nearest right key.

Precedence: flag > environment (``SUREFOOT_SERVER_THREADS=8``) > file > default.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from surefoot import units
from surefoot.core.records import Slo
from surefoot.errors import ConfigError, UnitError

__all__ = [
    "App",
    "Balancer",
    "Config",
    "Data",
    "Database",
    "Key",
    "Server",
    "Settings",
    "Telemetry",
    "Workload",
    "from_mapping",
    "keys",
    "load",
    "schema",
    "to_mapping",
]

FILE_NAME: Final = "surefoot.toml"


# --- What a key may hold -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rule:
    """What one key accepts besides its Python type."""

    doc: str
    parse: Callable[[Any], Any] | None = None
    show: Callable[[Any], str] | None = None
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    allowed: str = ""


def _key(default: Any, doc: str, **rule: Any) -> Any:
    metadata = {"rule": _Rule(doc, **rule)}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


def _duration(default: float, doc: str, **rule: Any) -> Any:
    return _key(
        default,
        doc,
        parse=units.parse_duration,
        show=units.format_duration,
        allowed='a duration such as "250ms" or "30s"',
        **rule,
    )


_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[^:\s/]+):(?P<port>\d{1,5})")


def _address(value: Any) -> str:
    text = str(value)
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise ValueError
    return text


@dataclass(frozen=True, slots=True)
class App:
    """Where the application is."""

    target: str = _key(
        "",
        'What to serve: "shop.wsgi:application", "shop:create_app()" or a file. '
        "Looked for in the working directory when not given.",
    )
    directory: str = _key("", "Working directory of the application; also where its own code lies.")
    python: str = _key(
        "",
        "The application's interpreter. Default: its .venv, then VIRTUAL_ENV, then Surefoot's own.",
    )
    env_file: str = _key(
        "", "File of KEY=value lines put into the application's environment; never shown."
    )
    settings: Mapping[str, Any] = _key(
        types.MappingProxyType({}), "Keyword arguments of a factory target."
    )


@dataclass(frozen=True, slots=True)
class Server:
    """The server processes."""

    kind: str = _key(
        "",
        "Which server. Default: gunicorn for WSGI, uvicorn for ASGI.",
        choices=("", "gunicorn", "uvicorn"),
    )
    replicas: int = _key(
        1, "Server process groups of one worker process each.", minimum=1, maximum=256
    )
    threads: int = _key(4, "Requests a WSGI replica works on at once.", minimum=1, maximum=1024)
    keep_alive: float = _duration(
        75.0, "How long an idle connection is kept open.", minimum=0.0, maximum=3600.0
    )
    graceful_timeout: float = _duration(
        30.0, "How long a stopping replica may finish its requests.", minimum=0.0, maximum=3600.0
    )


@dataclass(frozen=True, slots=True)
class Balancer:
    """What stands in front of the replicas."""

    kind: str = _key("none", "none: every replica accepts from one held socket.", choices=("none",))
    listen: str = _key(
        "127.0.0.1:8000",
        "Address and port that users reach.",
        parse=_address,
        allowed='an address and a port such as "127.0.0.1:8000"',
    )


@dataclass(frozen=True, slots=True)
class SloConfig:
    """What has to hold for a rate to count as carried."""

    latency: float = _duration(
        0.250, "Response time that the quantile must stay within.", minimum=1e-6, maximum=600.0
    )
    quantile: float = _key(
        0.99, "Which quantile of response time is judged.", minimum=0.5, maximum=0.9999
    )
    errors: float = _key(0.001, "Share of requests that may fail.", minimum=0.0, maximum=0.5)


@dataclass(frozen=True, slots=True)
class Workload:
    """Which requests are sent when measuring."""

    file: str = _key("", "Workload file; made from the application's own routes when not given.")


@dataclass(frozen=True, slots=True)
class Data:
    """The data behind the application, and what may be done to it."""

    url_env: str = _key(
        "", "Environment variable from which the application reads its database URL."
    )
    disposable: bool = _key(False, "Whether requests that write may be sent while measuring.")


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What is observed inside the workers."""

    sample: int = _key(
        40,
        "Stack samples a second of each worker; 0 turns the sampler off.",
        minimum=0,
        maximum=200,
    )


@dataclass(frozen=True, slots=True)
class Database:
    """One database connection of the application."""

    pool_size: int = _key(
        0,
        "Connections its pool may hold; 0 leaves the application's own setting.",
        minimum=0,
        maximum=10_000,
    )


@dataclass(frozen=True, slots=True)
class Config:
    """The whole description; one attribute per table of the file."""

    app: App = field(default_factory=App)
    server: Server = field(default_factory=Server)
    balancer: Balancer = field(default_factory=Balancer)
    slo: SloConfig = field(default_factory=SloConfig)
    workload: Workload = field(default_factory=Workload)
    data: Data = field(default_factory=Data)
    telemetry: Telemetry = field(default_factory=Telemetry)
    database: Mapping[str, Database] = field(default_factory=lambda: types.MappingProxyType({}))

    @property
    def objective(self) -> Slo:
        """The SLO as the rest of the code passes it on."""
        return Slo(self.slo.latency, self.slo.quantile, self.slo.errors)


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration and where each of its values came from."""

    config: Config
    sources: Mapping[str, str]
    """Dotted key to ``"default"``, ``"surefoot.toml"``, ``"environment"`` or ``"flag"``."""
    directory: Path
    """Relative paths in the configuration start here."""


# --- The declared keys ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """One declared key, for the schema, the docs and the options of commands."""

    name: str
    """Dotted, ``"server.threads"``; ``"database.*.pool_size"`` under a table of tables."""
    type: type
    default: Any
    doc: str
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    allowed: str
    """What may stand there, as an error says it."""
    show: Callable[[Any], str] | None

    def text(self, value: Any) -> str:
        """The value as the file would hold it."""
        if self.show is not None:
            return f'"{self.show(value)}"'
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return str(value)


def keys() -> Iterator[Key]:
    """Every key of the configuration, in the order of the file."""
    for name, table in _tables():
        prefix = f"{name}.*" if name in _NAMED else name
        yield from (_declared(prefix, f) for f in dataclasses.fields(table))


def _tables() -> Iterator[tuple[str, type]]:
    hints = typing.get_type_hints(Config)
    for entry in dataclasses.fields(Config):
        hint = hints[entry.name]
        yield entry.name, (get_args(hint)[1] if entry.name in _NAMED else hint)


_NAMED: Final = frozenset({"database"})
_TYPE_WORDS: Final = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _declared(prefix: str, entry: dataclasses.Field[Any]) -> Key:
    rule: _Rule = entry.metadata["rule"]
    hint = _hints(prefix)[entry.name]
    base = dict if get_origin(hint) is not None else hint
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
    )


def _hints(prefix: str) -> dict[str, Any]:
    return typing.get_type_hints(dict(_tables())[prefix.partition(".")[0]])


def _allowed(rule: _Rule, base: type) -> str:
    if rule.choices:
        return "one of " + ", ".join(f'"{c}"' for c in rule.choices if c)
    words = rule.allowed or _TYPE_WORDS.get(base, "a table")
    if rule.minimum is not None and rule.maximum is not None:
        show = rule.show or (lambda bound: f"{bound:g}")
        words += f" from {show(rule.minimum)} to {show(rule.maximum)}"
    return words


# --- Reading -------------------------------------------------------------------------------------


def load(
    directory: Path,
    *,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[str, Any] = types.MappingProxyType({}),
) -> Settings:
    """Read ``surefoot.toml`` or ``[tool.surefoot]``, the environment and the flags.

    Args:
        directory: Where the file is looked for; parents are never searched.
        environ: ``SUREFOOT_CONFIG`` names another file, ``SUREFOOT_TABLE_KEY`` sets one key.
        flags: Dotted keys to values; ``None`` counts as not given.

    Raises:
        ConfigError: Something in it is unknown, of the wrong type or impossible.
    """
    path, document = _document(directory, environ)
    origin = path.name if path else ""
    layers = [(origin, document)] if document else []
    layers.append(("environment", _from_environment(environ)))
    layers.append(("flag", _nested({k: v for k, v in flags.items() if v is not None})))
    merged: dict[str, Any] = {}
    sources = {key.name: "default" for key in keys()}
    for source, layer in layers:
        for dotted, value in _checked(layer, source):
            _put(merged, dotted, value)
            sources[dotted] = source
    base = path.parent if path else directory
    return Settings(_build(merged), types.MappingProxyType(sources), base.resolve())


def from_mapping(data: Mapping[str, Any], source: str = "settings") -> Config:
    """A configuration from plain tables, as ``to_mapping`` gives them.

    Raises:
        ConfigError: As for ``load``.
    """
    merged: dict[str, Any] = {}
    for dotted, value in _checked(data, source):
        _put(merged, dotted, value)
    return _build(merged)


def to_mapping(config: Config) -> dict[str, Any]:
    """Plain tables of plain values, ready for JSON."""
    tables: dict[str, Any] = {}
    for name, _ in _tables():
        value = getattr(config, name)
        if name in _NAMED:
            tables[name] = {k: _plain(v) for k, v in value.items()}
        else:
            tables[name] = _plain(value)
    return tables


def _plain(table: Any) -> dict[str, Any]:
    values = {f.name: getattr(table, f.name) for f in dataclasses.fields(table)}
    return {k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}


def _document(directory: Path, environ: Mapping[str, str]) -> tuple[Path | None, dict[str, Any]]:
    named = environ.get("SUREFOOT_CONFIG")
    if named:
        path = (directory / named).resolve()
        if not path.is_file():
            raise ConfigError(f"SUREFOOT_CONFIG names {named}, and there is no such file")
        return path, _toml(path)
    path = directory / FILE_NAME
    if path.is_file():
        return path, _toml(path)
    project = directory / "pyproject.toml"
    if project.is_file():
        table = _toml(project).get("tool", {}).get("surefoot")
        if table is not None:
            return project, table
    return None, {}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in keys():
        if "*" in key.name or key.type is dict:
            continue
        text = environ.get("SUREFOOT_" + key.name.replace(".", "_").upper())
        if text is not None:
            _put(found, key.name, _from_text(key, text))
    return found


def _from_text(key: Key, text: str) -> Any:
    if key.type is bool and text.lower() in {"true", "false", "1", "0"}:
        return text.lower() in {"true", "1"}
    for kind in (int, float):
        if key.type in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    return text


def _checked(tables: Mapping[str, Any], source: str) -> Iterator[tuple[str, Any]]:
    known = dict(_tables())
    for name, table in tables.items():
        if name not in known:
            raise ConfigError(_unknown(source, name, list(known), "table"))
        if not isinstance(table, Mapping):
            raise ConfigError(f"{source}: {name} is {_said(table)}; it must be a table [{name}]")
        entries = table.items() if name in _NAMED else [("", table)]
        for entry, values in entries:
            prefix = f"{name}.{entry}" if entry else name
            if not isinstance(values, Mapping):
                raise ConfigError(
                    f"{source}: {prefix} is {_said(values)}; it must be a table [{prefix}]"
                )
            for key, value in values.items():
                yield f"{prefix}.{key}", _value(source, prefix, known[name], key, value)


def _value(source: str, prefix: str, table: type, key: str, value: Any) -> Any:
    fields = {f.name: f for f in dataclasses.fields(table)}
    if key not in fields:
        names = [f"{prefix}.{name}" for name in fields]
        raise ConfigError(_unknown(source, f"{prefix}.{key}", names, "key"))
    rule: _Rule = fields[key].metadata["rule"]
    base = _declared(prefix, fields[key]).type
    try:
        return _accept(rule, base, value)
    except (ValueError, TypeError, UnitError):
        allowed = _allowed(rule, base)
        raise ConfigError(
            f"{source}: {prefix}.{key} is {_said(value)}; allowed is {allowed}"
        ) from None


def _accept(rule: _Rule, base: type, given: Any) -> Any:
    value: Any = given
    if rule.parse is not None:
        value = rule.parse(value)
    if base is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not _fits(base, value):
        raise TypeError
    if isinstance(value, str) and ("\n" in value or "\0" in value):
        raise ValueError
    if rule.choices and value not in rule.choices:
        raise ValueError
    if rule.minimum is not None and not value >= rule.minimum:
        raise ValueError
    if rule.maximum is not None and not value <= rule.maximum:
        raise ValueError
    return types.MappingProxyType(dict(value)) if base is dict else value


def _fits(base: type, value: Any) -> bool:
    if isinstance(value, bool):
        return base is bool
    return isinstance(value, Mapping if base is dict else base)


def _unknown(source: str, found: str, known: list[str], what: str) -> str:
    near = difflib.get_close_matches(found, known, n=1, cutoff=0.5)
    leaf = {name.rpartition(".")[2]: name for name in (key.name for key in keys())}
    hint = near[0] if near else leaf.get(found.rpartition(".")[2], "")
    meant = f"; did you mean {hint}?" if hint else f"; known are {', '.join(known)}"
    return f"{source}: there is no {what} {found}{meant}"


def _said(value: Any) -> str:
    if isinstance(value, str):
        shown = value if len(value) <= 60 else value[:57] + "..."
        return f'"{shown}"'.encode("unicode_escape").decode("ascii")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list) else str(value)


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for dotted, value in flat.items():
        _put(tables, dotted, value)
    return tables


def _put(tables: dict[str, Any], dotted: str, value: Any) -> None:
    *path, leaf = dotted.split(".")
    for part in path:
        tables = tables.setdefault(part, {})
    tables[leaf] = value


def _build(merged: Mapping[str, Any]) -> Config:
    parts: dict[str, Any] = {}
    for name, table in _tables():
        values = merged.get(name, {})
        if name in _NAMED:
            parts[name] = types.MappingProxyType({k: table(**v) for k, v in values.items()})
        else:
            parts[name] = table(**values)
    return Config(**parts)


# --- The schema ----------------------------------------------------------------------------------

_JSON_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``surefoot.toml``."""
    tables: dict[str, Any] = {}
    for key in keys():
        table, _, leaf = key.name.rpartition(".")
        name = table.removesuffix(".*")
        properties = tables.setdefault(name, {})
        properties[leaf] = _key_schema(key)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "surefoot.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _table_schema(name, keys_) for name, keys_ in tables.items()},
    }


def _table_schema(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    table = {"type": "object", "additionalProperties": False, "properties": properties}
    return {"type": "object", "additionalProperties": table} if name in _NAMED else table


def _key_schema(key: Key) -> dict[str, Any]:
    entry: dict[str, Any] = {"description": key.doc}
    if key.type is dict:
        return entry | {"type": "object"}
    if key.show is not None:
        entry |= {"type": ["string", "number"], "default": key.show(key.default)}
        return entry
    entry |= {"type": _JSON_TYPES[key.type], "default": key.default}
    if key.choices:
        entry["enum"] = list(key.choices)
    if key.minimum is not None:
        entry["minimum"] = key.minimum
    if key.maximum is not None:
        entry["maximum"] = key.maximum
    return entry
