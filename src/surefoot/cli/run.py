"""``surefoot run``: the application in replicas, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from surefoot import config, units
from surefoot.cli.command import Command, add_config_options, config_flags
from surefoot.cli.console import Console
from surefoot.cli.run_screen import Screen, screen_for
from surefoot.errors import UsageError
from surefoot.toolbox.signals import ending_signals, interrupt_on_signals
from surefoot.toolbox.stack import Stack
from surefoot.toolbox.target import Application, find_application

__all__ = ["COMMAND"]

_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class _Ran:
    seconds: float
    """From the moment all replicas answered; 0 if that moment never came."""
    restarts: int
    signal: int
    """What ended it; 0 when its own time was over."""
    left: tuple[int, ...]
    """Processes that could not be ended."""


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        nargs="?",
        help="what to run, shop.wsgi:application say; looked for when not given",
    )
    add_config_options(
        parser,
        "server.replicas",
        "server.threads",
        "server.kind",
        "balancer.listen",
        "app.python",
        "app.directory",
        "app.env_file",
    )
    parser.add_argument("--port", type=int, help="listen on this port of 127.0.0.1")
    parser.add_argument("--seconds", type=float, help="stop by itself after so long")


def _execute(args: argparse.Namespace, console: Console) -> _Ran:
    interrupt_on_signals()
    flags = config_flags(args) | {"app.target": args.target}
    if args.port is not None:
        if "balancer.listen" in flags:
            raise UsageError("--port and --listen say the same thing", do="give one of them")
        flags["balancer.listen"] = f"127.0.0.1:{args.port}"
    settings = config.load(Path.cwd(), flags=flags)
    console.progress("looking at the application")
    application = find_application(settings)
    console.progress("starting")
    with screen_for(application, settings, console) as screen:
        return asyncio.run(_serve(application, settings, screen, args.seconds))


async def _serve(
    application: Application, settings: config.Settings, screen: Screen, seconds: float | None
) -> _Ran:
    stack = Stack(application, settings, listen=settings.config.balancer.listen, watch=screen.event)
    main = asyncio.current_task()
    assert main is not None
    started = 0.0
    with ending_signals(main.cancel, stack.hurry) as received:
        try:
            async with stack:
                started = time.monotonic()
                screen.up(stack)
                await asyncio.wait([stack.failure], timeout=seconds)
        except asyncio.CancelledError:
            if not received:
                raise
        ended = time.monotonic()
    if stack.failure.done():
        raise stack.failure.result()
    return _Ran(
        seconds=ended - started if started else 0.0,
        restarts=sum(replica.restarts for replica in stack.replicas),
        signal=next(iter(received), 0),
        left=tuple(sorted(stack.left_over())),
    )


def _text(ran: _Ran) -> str:
    if not ran.seconds:
        return "stopped before it was up"
    times = "once" if ran.restarts == 1 else f"{ran.restarts} times"
    restarted = f"; restarted {times}" if ran.restarts else ""
    left = f"still alive: {', '.join(map(str, ran.left))}" if ran.left else "no process is left"
    return f"stopped after {units.format_duration(ran.seconds)}{restarted}; {left}"


def _exit_code(ran: _Ran) -> int:
    # TERM is how a service manager ends what runs well; Ctrl-C is an interruption.
    clean = ran.seconds and not ran.left and ran.signal in (0, signal.SIGTERM)
    return 0 if clean else _INTERRUPTED


COMMAND = Command(
    name="run",
    summary="Run the application in replicas behind one address, restarting what dies.",
    example="surefoot run shop.wsgi:application --replicas 2 --threads 8",
    options=_options,
    execute=_execute,
    text=_text,
    exit_code=_exit_code,
)
