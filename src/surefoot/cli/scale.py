"""``surefoot scale``: more replicas, or fewer."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.cli.running import ask
from surefoot.cli.status import status_text

__all__ = ["COMMAND"]


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("replicas", type=int, help="how many there are to be, 1 to 256")


def _execute(args: argparse.Namespace, console: Console) -> Mapping[str, Any]:
    return ask({"do": "scale", "replicas": args.replicas}, console)


COMMAND = Command(
    name="scale",
    summary="Have so many replicas; not one request fails on the way.",
    example="surefoot scale 4",
    options=_options,
    execute=_execute,
    text=status_text,
    data=lambda status: status,
)
