"""``surefoot reload``: new code without one failed request."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.cli.running import ask
from surefoot.cli.status import status_text

__all__ = ["COMMAND"]


def _options(_parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def _execute(_args: argparse.Namespace, console: Console) -> Mapping[str, Any]:
    return ask({"do": "reload"}, console)


COMMAND = Command(
    name="reload",
    summary="Replace each replica by one of the code, packages and configuration of now.",
    example="surefoot reload",
    options=_options,
    execute=_execute,
    text=status_text,
    data=lambda status: status,
)
