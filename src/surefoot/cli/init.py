"""``surefoot init``: a commented ``surefoot.toml`` for the application found here."""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import dataclass
from pathlib import Path

from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.config.document import commented_file
from surefoot.core.target import parse_target
from surefoot.errors import OutputError, UsageError
from surefoot.toolbox.search import search

__all__ = ["COMMAND"]

_FILE = "surefoot.toml"


@dataclass(frozen=True, slots=True)
class _Written:
    path: Path
    target: str


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", nargs="?", help="the application; looked for in this directory when not given"
    )


def _execute(args: argparse.Namespace, _console: Console) -> _Written:
    here = Path.cwd()
    _refuse_second(here)
    target = str(parse_target(args.target)) if args.target else search(here)
    path = here / _FILE
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(commented_file({"app.target": target}))
    except FileExistsError:
        raise _exists(_FILE) from None
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}", do="check the directory's rights"
        ) from error
    return _Written(path, target)


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
        f"wrote {written.path.name} for {written.target}\n"
        "next: surefoot run        starts it\n"
        "      surefoot measure    finds its capacity and what bounds it"
    )


COMMAND = Command(
    name="init",
    summary="Write a commented surefoot.toml for the application found here.",
    example="surefoot init shop.wsgi:application",
    options=_options,
    execute=_execute,
    text=_text,
)
