"""``surefoot scale``: more replicas, or fewer."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.cli.running import ask
from surefoot.cli.status import status_text
from surefoot.errors import UsageError
from surefoot.toolbox.serving.service import MOST

__all__ = ["COMMAND"]


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("replicas", type=int, help="how many there are to be, 1 to 256")


def _execute(args: argparse.Namespace, console: Console) -> Mapping[str, Any]:
    if not 1 <= args.replicas <= MOST:
        raise UsageError(f"{args.replicas} is no number of replicas from 1 to {MOST}")
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
