"""The command line: one file per command, loaded only when its command is called."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import Final

from surefoot import __version__
from surefoot.errors import SurefootError

__all__ = ["main"]

# Module and summary, so that `surefoot --help` loads no command.
COMMANDS: Final = {
    "run": "run the application in replicas, restarting what dies",
    "status": "show what runs: replicas, their state, age and memory",
    "reload": "replace every replica by one of the code of now, one by one",
    "scale": "have more replicas, or fewer",
    "stop": "end what runs, letting requests finish",
    "logs": "show what replicas, balancer and supervisor print",
    "measure": "find its capacity and the resource that bounds it",
    "prove": "prove a change: the same answers, and better than the noise",
    "tune": "raise the rate: prove one change after the other and keep what helps",
    "plan": "count the replicas, hosts and connections that a rate needs",
    "log": "list the changes that were decided, with their proofs",
    "revert": "take a kept change back",
    "why": "say why a key of the configuration is what it is",
    "load": "send requests on a schedule and time the answers",
    "workload": "write a workload file from a log, a recording, or the pages",
    "cache": "show what a cache's store holds, or take it away",
    "config": "show the configuration in force, or its schema",
    "init": "write a commented surefoot.toml for the application found here",
}

_USAGE: Final = "usage: surefoot COMMAND [options]   (surefoot COMMAND --help tells more)"
INTERRUPTED: Final = 130


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write(_help())
        return 0 if words else 2
    name, *rest = words
    if name in {"-V", "--version"}:
        sys.stdout.write(f"surefoot {__version__}\n")
        return 0
    if name not in COMMANDS:
        sys.stderr.write(_unknown(name))
        return 2
    return _run(name, rest)


def _run(name: str, rest: list[str]) -> int:
    console = None
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        module = importlib.import_module(f"surefoot.cli.{name}")
        console = importlib.import_module("surefoot.cli.console").Console()
        return int(module.COMMAND.main(rest, console))
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("surefoot"):
            raise
        sys.stderr.write(
            f"surefoot {name} needs the package {error.name}\n  do: pip install 'surefoot[tools]'\n"
        )
        return 1
    except SurefootError as error:
        if console is not None:
            console.close()
        sys.stderr.write(f"surefoot: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        if console is not None:
            console.close()
        return INTERRUPTED
    except BrokenPipeError:
        return 1


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [
        "Brings a Python web application to the load it needs, one proven step at a time.",
        "",
        _USAGE,
        "",
        *(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items()),
        "",
        "example:",
        "  surefoot measure shop.wsgi:application --slo 250ms --html report.html",
        "",
    ]
    return "\n".join(lines)


def _unknown(name: str) -> str:
    difflib = importlib.import_module("difflib")
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"surefoot: there is no command {name}{hint}\n{_USAGE}\n"
