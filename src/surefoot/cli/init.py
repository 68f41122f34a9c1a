"""``surefoot init``: a commented ``surefoot.toml``, from what is found here or is used today."""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot import config
from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.config.document import commented_file
from surefoot.core.target import parse_target
from surefoot.errors import OutputError, UsageError
from surefoot.toolbox.existing.source import beside, read_existing
from surefoot.toolbox.existing.start import Left
from surefoot.toolbox.search import search

__all__ = ["COMMAND"]

_FILE = "surefoot.toml"


@dataclass(frozen=True, slots=True)
class _Written:
    path: Path
    target: str
    where: str = ""
    """What was read for it."""
    taken: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    beside: str = ""
    """What could have been read."""


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", nargs="?", help="the application; looked for in this directory when not given"
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        help="how the application is started today: a Procfile, a systemd unit, a Dockerfile, a "
        "script, or the command line itself; its settings are taken over, and what has no key "
        "here is listed",
    )


def _execute(args: argparse.Namespace, _console: Console) -> _Written:
    here = Path.cwd()
    _refuse_second(here)
    values: dict[str, Any] = {}
    where, left = "", tuple[Left, ...]()
    if args.source:
        found = read_existing(args.source, here)
        values, where, left = dict(found.settings), found.where, found.left
    if args.target:
        values["app.target"] = str(parse_target(args.target))
    elif "app.target" not in values:
        values["app.target"] = search(here)
    path = here / _FILE
    _write(path, commented_file(values))
    known = {key.name: key for key in config.keys()}  # noqa: SIM118 - a function, no mapping
    taken = tuple(f"{name} = {known[name].text(value)}" for name, value in values.items())
    return _Written(path, values["app.target"], where, taken, left, beside(here))


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise _exists(_FILE) from None
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}", do="check the directory's rights"
        ) from error


def _refuse_second(here: Path) -> None:
    if (here / _FILE).exists():
        raise _exists(_FILE)
    try:
        project = tomllib.loads((here / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if "surefoot" in project.get("tool", {}):
        raise _exists("[tool.surefoot] in pyproject.toml")


def _exists(what: str) -> UsageError:
    return UsageError(
        f"{what} is there already and is not overwritten",
        do="edit it; surefoot config show says what is in force",
    )


def _text(written: _Written) -> str:
    return (
        f"wrote {written.path.name} for {written.target}\n{_taken(written)}"
        "next: surefoot run        starts it\n"
        "      surefoot measure    finds its capacity and what bounds it"
    )


def _taken(written: _Written) -> str:
    if not written.where:
        return f"{written.beside} was not looked at: --from takes it\n" if written.beside else ""
    lines = [f"taken from {written.where}:", *(f"  {each}" for each in written.taken)]
    if written.left:
        lines += ["not taken over:", *(f"  {each}" for each in written.left)]
    return "\n".join(lines) + "\n"


COMMAND = Command(
    name="init",
    summary="Write a commented surefoot.toml for the application found here.",
    example="surefoot init shop.wsgi:application",
    options=_options,
    execute=_execute,
    text=_text,
)
