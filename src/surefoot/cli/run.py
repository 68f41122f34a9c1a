"""``surefoot run``: the application in replicas, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot import config, units
from surefoot.cli.command import Command, add_config_options, config_flags
from surefoot.cli.console import Console
from surefoot.cli.run_screen import Screen, screen_for
from surefoot.cli.running import ask, until_gone
from surefoot.cli.status import status_text
from surefoot.errors import UsageError
from surefoot.toolbox.process.child import alive
from surefoot.toolbox.process.known import Known
from surefoot.toolbox.serving.detached import launch
from surefoot.toolbox.serving.place import Place, place_of
from surefoot.toolbox.serving.record import load
from surefoot.toolbox.serving.release import Release, find_release
from surefoot.toolbox.serving.service import ended, prepared, serving
from surefoot.toolbox.signals import ending_signals, interrupt_on_signals

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
        "balancer.kind",
        "app.python",
        "app.directory",
        "app.env_file",
    )
    parser.add_argument("--port", type=int, help="listen on this port of 127.0.0.1")
    parser.add_argument(
        "--detach",
        action="store_true",
        help="go on without this terminal, once all replicas answer",
    )
    parser.add_argument("--seconds", type=float, help="stop by itself after so long")


def _execute(args: argparse.Namespace, console: Console) -> _Ran | Mapping[str, Any]:
    interrupt_on_signals()
    flags = config_flags(args) | {"app.target": args.target}
    if args.port is not None:
        if "balancer.listen" in flags:
            raise UsageError("--port and --listen say the same thing", do="give one of them")
        flags["balancer.listen"] = f"127.0.0.1:{args.port}"
    given = {key: value for key, value in flags.items() if value is not None}
    console.progress("looking at the application")
    here = Path.cwd()
    place = place_of(config.load(here, flags=given))
    release = find_release(1, here, given)
    console.progress("starting")
    if args.detach:
        return _detached(place, release, given, console)
    with screen_for(console) as screen:
        return asyncio.run(_serve(place, release, given, screen, args.seconds))


def _detached(
    place: Place, release: Release, flags: Mapping[str, Any], console: Console
) -> Mapping[str, Any]:
    record = prepared(place, release, flags)
    try:
        launch(place, record)
        return ask({"do": "settled"}, console)
    except BaseException:
        known = load(place.state) or record
        if known.supervisor is not None:
            Known(known.supervisor).terminate()
            until_gone(known)
        ended(place, known)
        raise


async def _serve(
    place: Place,
    release: Release,
    flags: Mapping[str, Any],
    screen: Screen,
    seconds: float | None,
) -> _Ran:
    main, hurry = asyncio.current_task(), asyncio.Event()
    assert main is not None
    started = over = 0.0
    with ending_signals(main.cancel, hurry.set) as received:
        async with serving(place, release, flags, screen.event) as service:
            supervisor = service.supervisor
            try:
                await supervisor.settled()
                if service.outdated:
                    await supervisor.reload()
                started = time.monotonic()
                screen.up(service)
                await asyncio.wait([service.running], timeout=seconds)
            except asyncio.CancelledError:
                if not received:
                    raise
            finally:
                over = time.monotonic()
                await service.stop(hurry)
    return _Ran(
        seconds=over - started if started else 0.0,
        restarts=supervisor.restarts,
        signal=next(iter(received), 0),
        left=tuple(sorted(alive([], supervisor.record.mark))),
    )


def _text(ran: _Ran | Mapping[str, Any]) -> str:
    if not isinstance(ran, _Ran):
        return status_text(ran)
    if not ran.seconds:
        return "stopped before it was up"
    times = "once" if ran.restarts == 1 else f"{ran.restarts} times"
    restarted = f"; restarted {times}" if ran.restarts else ""
    left = f"still alive: {', '.join(map(str, ran.left))}" if ran.left else "no process is left"
    return f"stopped after {units.format_duration(ran.seconds)}{restarted}; {left}"


def _exit_code(ran: _Ran | Mapping[str, Any]) -> int:
    if not isinstance(ran, _Ran):
        return 0
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
