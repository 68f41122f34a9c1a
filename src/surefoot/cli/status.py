"""``surefoot status``: what runs of this project."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final

from surefoot import units
from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.cli.running import ask

__all__ = ["COMMAND", "status_text"]

_HEADS: Final = ("replica", "release", "state", "worker", "group", "age", "memory")


def status_text(status: Mapping[str, Any]) -> str:
    """The table, and what stands around it."""
    if not status["replicas"]:
        return "nothing runs any more"
    balancer = status["balancer"]
    by = f" by {balancer['kind']} ({balancer['pid']})" if balancer["pid"] else ""
    at = ", ".join(status["addresses"])
    lines = [f"{status['target']} answers at {at}{by}; supervisor {status['supervisor']['pid']}"]
    rows = [_HEADS, *map(_row, status["replicas"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def _row(replica: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        replica["name"],
        str(replica["release"]),
        replica["state"],
        str(replica["pid"] or "-"),
        str(replica["group"] or "-"),
        units.format_duration(replica["age_s"]),
        units.format_bytes(replica["memory_bytes"]),
    )


def _options(_parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def _execute(_args: argparse.Namespace, console: Console) -> Mapping[str, Any]:
    return ask({"do": "status"}, console)


COMMAND = Command(
    name="status",
    summary="Show what runs of this project: its replicas, their state, age and memory.",
    example="surefoot status --json",
    options=_options,
    execute=_execute,
    text=status_text,
    data=lambda status: status,
)
