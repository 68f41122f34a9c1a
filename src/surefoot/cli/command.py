"""What a command is: it returns one value, and a renderer shows it.

A command's ``execute`` prints nothing. It says how far it is through the console it is given, and
returns a value; ``text`` renders that value for a terminal and ``data`` for ``--json``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from surefoot import config
from surefoot.cli.console import Console
from surefoot.errors import OutputError

__all__ = ["Command", "add_config_options", "config_flags", "write_output"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Command(Generic[T]):
    """One verb of the command line."""

    name: str
    summary: str
    """One line of ``surefoot --help``."""
    example: str
    """What ``--help`` shows after ``example:``; runs as it stands."""
    options: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace, Console], T]
    text: Callable[[T], str]
    data: Callable[[T], Mapping[str, Any]] | None = None
    """What ``--json`` writes; without it the command has no such option."""
    exit_code: Callable[[T], int] = lambda _: 0
    also: Callable[[T, argparse.Namespace], None] = lambda *_: None
    """Writes what else was asked for, once the result itself is safe."""

    def parser(self) -> argparse.ArgumentParser:
        """The command's own parser."""
        parser = argparse.ArgumentParser(
            prog=f"surefoot {self.name}",
            description=self.summary,
            epilog=f"example:\n  {self.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.options(parser)
        if self.data is not None:
            parser.add_argument(
                "--json",
                metavar="FILE",
                nargs="?",
                const="-",
                help="write the result as JSON to FILE, or to the terminal instead of the table",
            )
        return parser

    def main(self, argv: list[str], console: Console) -> int:
        """Parse, execute, show; returns the exit code."""
        args = self.parser().parse_args(argv)
        for option in ("json", "html"):
            _check_output(getattr(args, option, None))
        value = self.execute(args, console)
        console.close()
        to_json = getattr(args, "json", None) if self.data is not None else None
        if to_json is not None and self.data is not None:
            write_output(to_json, json.dumps(self.data(value), indent=2) + "\n")
        if to_json != "-":
            text = self.text(value)
            if text:
                sys.stdout.write(text if text.endswith("\n") else text + "\n")
        self.also(value, args)
        return self.exit_code(value)


def _check_output(name: str | None) -> None:
    """Whether a file could be written, as far as can be told before there is what to write.

    A mistyped directory would else be found out only when minutes of measuring are over.
    """
    if not name or name == "-":
        return
    folder = Path(name).parent
    if not folder.is_dir():
        raise OutputError(
            f"{name} cannot be written: there is no directory {folder}",
            do="make it, or name another",
        )
    if Path(name).is_dir() or not os.access(folder, os.W_OK):
        raise OutputError(f"{name} cannot be written", do="name another file")


def write_output(name: str, text: str) -> None:
    """Write a result to a file, or to standard output for ``"-"``.

    Raises:
        OutputError: The file cannot be written; nothing half-written is left in its place.
    """
    if name == "-":
        sys.stdout.write(text)
        return
    path = Path(name)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(
            f"{name} cannot be written: {error.strerror}", do="name another file or free some room"
        ) from error


# --- Options that stand for keys of the configuration --------------------------------------------

# Where the flag is not the key's own last word.
_FLAGS: Final = {
    "balancer.listen": "--listen",
    "balancer.kind": "--balancer",
    "server.kind": "--server",
    "slo.latency": "--slo",
    "workload.file": "--workload",
    "telemetry.sample": "--sample",
}


def add_config_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add an option for each of these keys; its type, default and help come from the key."""
    declared = {key.name: key for key in config.keys()}  # noqa: SIM118 - a function, no mapping
    for name in names:
        key = declared[name]
        flag = _FLAGS.get(name, "--" + key.name.rpartition(".")[2].replace("_", "-"))
        shown = "" if key.default in ("", None) else f" (default {key.text(key.default)})"
        parser.add_argument(
            flag,
            dest=f"config:{name}",
            metavar=flag.lstrip("-").upper(),
            type=int if key.type is int else (float if key.type is float and not key.show else str),
            help=key.doc + shown.replace("%", "%%"),
        )


def config_flags(args: argparse.Namespace) -> dict[str, Any]:
    """The keys that were given as options, for ``config.load(flags=...)``."""
    return {
        name.removeprefix("config:"): value
        for name, value in vars(args).items()
        if name.startswith("config:") and value is not None
    }
