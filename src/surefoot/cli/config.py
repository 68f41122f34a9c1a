"""``surefoot config``: what is in force and where it came from, the schema, the reference page."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot import config
from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.config.document import reference
from surefoot.config.path import entry_name, identity

__all__ = ["COMMAND"]


@dataclass(frozen=True, slots=True)
class _Line:
    """One key in force."""

    key: str
    value: Any
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the command found: lines to show, or a document that is shown as it is."""

    directory: Path
    lines: tuple[_Line, ...] = ()
    document: str = ""


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        default="show",
        choices=("show", "schema", "reference"),
        help="show: every value and its source (default); schema: the JSON Schema; "
        "reference: every key as Markdown",
    )


def _execute(args: argparse.Namespace, _console: Console) -> _Shown:
    here = Path.cwd()
    if args.what == "schema":
        return _Shown(here, document=json.dumps(config.schema(), indent=2))
    if args.what == "reference":
        return _Shown(here, document=reference())
    settings = config.load(here)
    return _Shown(settings.directory, tuple(_lines(settings)))


def _lines(settings: config.Settings) -> Iterator[_Line]:
    tables = config.to_mapping(settings.config)
    for key in config.keys():  # noqa: SIM118 - a function, no mapping
        table, _, leaf = key.name.rpartition(".")
        if not table.endswith(".*"):
            yield _line(key, key.name, tables[table][leaf], settings)
            continue
        outer = table.removesuffix(".*")
        for name, values in tables[outer].items():
            yield _line(key, f"{outer}.{name}.{leaf}", values[leaf], settings)
    for key in config.listed():
        several, _, leaf = key.name.rpartition("[].")
        table, _, inner = several.rpartition(".")
        for entry in tables[table][inner]:
            name = entry_name(several, entry[identity(several)], leaf)
            yield _line(key, name, entry[leaf], settings)


def _line(key: config.Key, name: str, value: Any, settings: config.Settings) -> _Line:
    source = settings.sources.get(name, "default")
    if key.type is dict:
        # A factory's arguments may be secrets: their names are enough to see what is in force.
        names = sorted(value)
        return _Line(name, names, "{" + ", ".join(f"{n} = ..." for n in names) + "}", source)
    value = key.public(value)
    return _Line(name, value, key.text(value), source)


def _text(shown: _Shown) -> str:
    if shown.document:
        return shown.document
    rows = [("key", "value", "from")]
    rows += [(line.key, line.text, line.source) for line in shown.lines]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"{key:<{widths[0]}}  {value:<{widths[1]}}  {src}" for key, value, src in rows]
    return "\n".join([*lines, "", f"relative paths start at {shown.directory}"])


def _data(shown: _Shown) -> Mapping[str, Any]:
    if shown.document:
        return {"document": shown.document}
    values = {line.key: {"value": line.value, "from": line.source} for line in shown.lines}
    return {"directory": str(shown.directory), "keys": values}


COMMAND = Command(
    name="config",
    summary="Show the configuration in force, its JSON Schema, or the page that lists every key.",
    example="surefoot config show",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
)
