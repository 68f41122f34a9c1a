"""``surefoot logs``: what the replicas print."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import suppress
from typing import Final

from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.cli.running import found
from surefoot.errors import UsageError
from surefoot.toolbox.serving.place import Place
from surefoot.toolbox.stack.output import Output

__all__ = ["COMMAND"]

_LINES: Final = 20
_POLL: Final = 0.2


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="of one replica, or of the supervisor; all without")
    parser.add_argument("--lines", type=int, default=_LINES, help="of each, the last (default 20)")
    parser.add_argument("--follow", action="store_true", help="go on with what comes, until Ctrl-C")


def _execute(args: argparse.Namespace, console: Console) -> str:
    place, _ = found()
    outputs = _outputs(place, args.name)
    lines = [
        _line(name, line)
        for name, output in outputs.items()
        for line in output.tail(max(0, args.lines))
    ]
    if not args.follow:
        return "\n".join(lines)
    console.close()
    _write(lines)
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _follow(place, args.name, outputs)
    return ""


def _outputs(place: Place, wanted: str | None) -> dict[str, Output]:
    names = sorted(path.stem for path in place.directory.glob("*.log"))
    if wanted is not None and wanted not in names:
        raise UsageError(f"there is no log of {wanted}", do=f"there are {', '.join(names)}")
    return {
        name: Output(place.log(name), shorten=False)
        for name in names
        if wanted is None or name == wanted
    }


def _follow(place: Place, wanted: str | None, outputs: dict[str, Output]) -> None:
    for output in outputs.values():
        output.fresh()
    while True:
        time.sleep(_POLL)
        there = set(_outputs(place, wanted)) if place.directory.exists() else set()
        if not there:
            return
        outputs |= {name: Output(place.log(name), shorten=False) for name in there - outputs.keys()}
        _write([_line(name, line) for name in sorted(there) for line in outputs[name].fresh()])


def _line(name: str, line: str) -> str:
    return f"{name} | {line}"


def _write(lines: list[str]) -> None:
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.flush()


COMMAND = Command(
    name="logs",
    summary="Show what replicas, balancer and supervisor of this project print.",
    example="surefoot logs --follow",
    options=_options,
    execute=_execute,
    text=lambda text: text,
)
