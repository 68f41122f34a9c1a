"""Reads file, environment and flags into one configuration, strictly."""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from surefoot.config import described
from surefoot.config.declared import LISTED, NAMED, Key, declared, keys, tables
from surefoot.config.path import identity, leaves, put
from surefoot.config.rules import Rule
from surefoot.config.tables import Config, Settings
from surefoot.errors import ConfigError, UnitError

__all__ = ["from_mapping", "load", "to_mapping"]

FILE_NAME: Final = "surefoot.toml"


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
    base = (path.parent if path else directory).resolve()
    layers = [*_described(layers, base), *layers]
    merged: dict[str, Any] = {}
    sources = {key.name: "default" for key in keys()}
    for source, layer in layers:
        for dotted, value in _checked(layer, source):
            _merge(merged, dotted, value)
            sources |= dict.fromkeys(_named(dotted, value), source)
    return Settings(_build(merged), types.MappingProxyType(sources), base, path)


def _described(
    layers: list[tuple[str, dict[str, Any]]], base: Path
) -> list[tuple[str, dict[str, Any]]]:
    """What the file that is the target says of its server: everything else comes before it."""
    said: dict[str, Any] = {}
    for _, layer in layers:
        app = layer.get("app")
        said |= app if isinstance(app, dict) else {}
    file, _, section = str(said.get("target", "")).partition("#")
    if not file.endswith(".ini"):
        return []
    path = base / str(said.get("directory", "")) / file
    found = described.server(path, section)
    return [(path.name, found)] if found else []


def from_mapping(data: Mapping[str, Any], source: str = "settings") -> Config:
    """A configuration from plain tables, as ``to_mapping`` gives them.

    Raises:
        ConfigError: As for ``load``.
    """
    merged: dict[str, Any] = {}
    for dotted, value in _checked(data, source):
        _merge(merged, dotted, value)
    return _build(merged)


def to_mapping(config: Config) -> dict[str, Any]:
    """Plain tables of plain values, ready for JSON."""
    found: dict[str, Any] = {}
    for name, _ in tables():
        value = getattr(config, name)
        if name in NAMED:
            found[name] = {k: _plain(v) for k, v in value.items()}
        else:
            found[name] = _plain(value)
    return found


def _plain(table: Any) -> dict[str, Any]:
    values = {f.name: getattr(table, f.name) for f in dataclasses.fields(table)}
    return {k: _jsonable(v) for k, v in values.items()}


def _jsonable(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) if dataclasses.is_dataclass(each) else each for each in value]
    return dict(value) if isinstance(value, Mapping) else value


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
    variables = {key.variable: key for key in keys() if key.variable}
    starts = tuple(f"SUREFOOT_{name.upper()}_" for name, _ in tables())
    found: dict[str, Any] = {}
    for variable, text in environ.items():
        if variable in variables:
            key = variables[variable]
            put(found, key.name, _from_text(key, text))
        elif variable.startswith(starts):
            near = difflib.get_close_matches(variable, variables, n=1, cutoff=0.0)
            raise ConfigError(f"environment: there is no {variable}; did you mean {near[0]}?")
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


def _checked(given: Mapping[str, Any], source: str) -> Iterator[tuple[str, Any]]:
    known = dict(tables())
    for name, table in given.items():
        if name not in known:
            raise ConfigError(_unknown(source, name, list(known), "table"))
        if not isinstance(table, Mapping):
            raise ConfigError(f"{source}: {name} is {_said(table)}; it must be a table [{name}]")
        entries = table.items() if name in NAMED else [("", table)]
        for entry, values in entries:
            prefix = f"{name}.{entry}" if entry else name
            if not isinstance(values, Mapping):
                raise ConfigError(
                    f"{source}: {prefix} is {_said(values)}; it must be a table [{prefix}]"
                )
            for key, value in values.items():
                dotted = f"{prefix}.{key}"
                if dotted in LISTED:
                    yield dotted, _entries(source, dotted, value)
                else:
                    yield dotted, _value(source, prefix, known[name], key, value)


def _entries(source: str, dotted: str, given: Any) -> tuple[dict[str, Any], ...]:
    """The tables of a list of tables."""
    if not isinstance(given, list) or not all(isinstance(entry, Mapping) for entry in given):
        raise ConfigError(f"{source}: {dotted} is {_said(given)}; it must be tables [[{dotted}]]")
    table = LISTED[dotted]
    required = identity(dotted)
    for entry in given:
        if required not in entry:
            raise ConfigError(f"{source}: a table [[{dotted}]] has no {required}")
    return tuple(
        {key: _value(source, f"{dotted}[]", table, key, value) for key, value in entry.items()}
        for entry in given
    )


def _value(source: str, prefix: str, table: type, key: str, value: Any) -> Any:
    fields = {f.name: f for f in dataclasses.fields(table)}
    if key not in fields:
        names = [f"{prefix}.{name}" for name in fields]
        raise ConfigError(_unknown(source, f"{prefix}.{key}", names, "key"))
    known = declared(prefix, fields[key])
    try:
        return _accept(fields[key].metadata["rule"], known.type, value)
    except (ValueError, TypeError, UnitError):
        raise ConfigError(
            f"{source}: {prefix}.{key} is {_said(value)}; allowed is {known.allowed}"
        ) from None


def _accept(rule: Rule, base: type, given: Any) -> Any:
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
    nested: dict[str, Any] = {}
    for dotted, value in flat.items():
        put(nested, dotted, value)
    return nested


def _merge(merged: dict[str, Any], dotted: str, value: Any) -> None:
    """Put a value in force; tables of a list add to those that are there, one by one."""
    if dotted not in LISTED:
        put(merged, dotted, value)
        return
    for name, each in leaves({dotted: value}):
        put(merged, name, each)


def _named(dotted: str, value: Any) -> Iterator[str]:
    """Every key that a value gives, by its dotted name."""
    if dotted in LISTED:
        yield from (name for name, _ in leaves({dotted: value}))
    yield dotted


def _build(merged: Mapping[str, Any]) -> Config:
    parts: dict[str, Any] = {}
    for name, table in tables():
        values = {key: _listed(f"{name}.{key}", v) for key, v in merged.get(name, {}).items()}
        if name in NAMED:
            parts[name] = types.MappingProxyType({k: table(**v) for k, v in values.items()})
        else:
            parts[name] = table(**values)
    return Config(**parts)


def _listed(dotted: str, value: Any) -> Any:
    table = LISTED.get(dotted)
    return value if table is None else tuple(table(**entry) for entry in value)
