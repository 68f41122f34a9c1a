"""``surefoot stop``: the end of what runs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.cli.running import ask, found, until_gone
from surefoot.cli.status import status_text

__all__ = ["COMMAND"]


def _options(_parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def _execute(_args: argparse.Namespace, console: Console) -> Mapping[str, Any]:
    _, record = found()
    status = ask({"do": "stop"}, console)
    until_gone(record)
    return status


COMMAND = Command(
    name="stop",
    summary="End what runs of this project, letting requests finish.",
    example="surefoot stop",
    options=_options,
    execute=_execute,
    text=status_text,
    data=lambda status: status,
)
