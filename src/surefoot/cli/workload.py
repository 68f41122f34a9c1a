"""``surefoot workload``: a first workload from the application's routes and links."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot import config
from surefoot.cli.command import Command, add_config_options, config_flags, write_output
from surefoot.cli.console import Console
from surefoot.errors import UsageError
from surefoot.toolbox.discover import Discovery, to_toml
from surefoot.toolbox.target import find_application
from surefoot.toolbox.workload import discover_workload

__all__ = ["COMMAND"]


@dataclass(frozen=True, slots=True)
class _Written:
    file: str
    toml: str
    found: Discovery


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", help="which application, shop.wsgi:application say")
    parser.add_argument("--output", metavar="FILE", default="", help="write it to FILE")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    add_config_options(
        parser, "app.python", "app.directory", "app.env_file", "server.kind", "server.threads"
    )


def _execute(args: argparse.Namespace, console: Console) -> _Written:
    if args.output and Path(args.output).exists() and not args.force:
        raise UsageError(f"{args.output} exists", do="name another file, or say --force")
    flags = config_flags(args) | {"app.target": args.target}
    settings = config.load(Path.cwd(), flags=flags)
    application = find_application(settings)
    found = asyncio.run(discover_workload(application, settings, console.progress))
    toml = to_toml(found, str(application.target))
    if args.output:
        write_output(args.output, toml)
    return _Written(args.output, toml, found)


def _text(written: _Written) -> str:
    if not written.file:
        return written.toml
    left = f", {len(written.found.skipped)} left out" if written.found.skipped else ""
    return (
        f"{written.file}: {len(written.found.paths)} requests{left}\n"
        f"next: surefoot measure --workload {written.file}"
    )


def _data(written: _Written) -> Mapping[str, Any]:
    return {
        "file": written.file,
        **written.found.tables(),
        "skipped": written.found.skipped,
    }


COMMAND = Command(
    name="workload",
    summary="Write a first workload from the application's own routes and GET links.",
    example="surefoot workload shop.wsgi:application --output workload.toml",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
)
