"""``surefoot tune``: the loop that measures, proves one change at a time, and keeps what helps."""

from __future__ import annotations

import argparse
import asyncio
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from surefoot import config, units
from surefoot.cli.command import Command, add_config_options, config_flags, write_output
from surefoot.cli.console import Console
from surefoot.errors import UsageError
from surefoot.toolbox.fingerprint import fingerprint
from surefoot.toolbox.journal import Journal
from surefoot.toolbox.report.tune_document import tune_document
from surefoot.toolbox.report.tune_screen import tune_screen
from surefoot.toolbox.signals import ending_signals
from surefoot.toolbox.tune.run import Tuned, tune
from surefoot.toolbox.tune.state import Goal, State, Stopped
from surefoot.toolbox.tune.workshop import Workshop, dropped_before, held_elsewhere

__all__ = ["COMMAND"]

_MINUTES: Final = 10.0
_LEAST_MINUTES: Final = 1.0
_EXIT_CODES: Final = {
    Stopped.INTERRUPTED: 130,
    Stopped.FAILED: 1,
    Stopped.INVALID: 3,
    Stopped.UNSAFE: 3,
}


@dataclass(frozen=True, slots=True)
class Result:
    """What was tuned, and what came of it."""

    target: str
    tuned: Tuned


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", help="what to tune, shop.wsgi:application say")
    parser.add_argument(
        "--until", metavar="RATE", help="end when this rate is met within the SLO, 500rps say"
    )
    parser.add_argument(
        "--minutes", type=float, default=_MINUTES, help="budget for everything (default 10)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="measure, and say what would be tried"
    )
    parser.add_argument(
        "--retry", action="store_true", help="try again what earlier runs dropped, too"
    )
    parser.add_argument("--html", metavar="FILE", help="write the walk as a page to look at")
    add_config_options(
        parser,
        "workload.file",
        "slo.latency",
        "slo.quantile",
        "slo.stale",
        "app.python",
        "app.directory",
        "app.env_file",
    )


def _execute(args: argparse.Namespace, console: Console) -> Result:
    if not args.minutes >= _LEAST_MINUTES:
        raise UsageError(
            f"--minutes {args.minutes:g} is too short to decide anything", do="give it 5 or more"
        )
    until = units.parse_rate(args.until) if args.until else math.inf
    if until <= 0:
        raise UsageError(f"--until {args.until} is nothing to reach")
    flags = config_flags(args) | {"app.target": args.target}
    settings = config.load(Path.cwd(), flags=flags)
    stale = settings.config.slo.stale
    goal = Goal(until, args.minutes * 60, stale=stale, dry_run=args.dry_run)
    with Journal.open(settings, exclusive=True) as journal:
        for note in journal.notes:
            console.note(note)
        return asyncio.run(_tune(goal, flags, journal, console, retry=args.retry))


async def _tune(
    goal: Goal,
    flags: Mapping[str, Any],
    journal: Journal,
    console: Console,
    *,
    retry: bool,
) -> Result:
    stop = asyncio.Event()
    with ending_signals(stop.set, stop.set):
        console.progress("looking at the application")
        # What was put right when the journal was opened is read with the rest.
        settings = config.load(Path.cwd(), flags=flags)
        facts = await asyncio.to_thread(fingerprint, settings)
        shop = Workshop(
            Path.cwd(), flags, journal, facts, console.progress, stop, writes=not goal.dry_run
        )
        state = State(
            goal,
            refused={} if retry else dropped_before(journal, facts),
            fixed=held_elsewhere(settings),
        )
        tuned = await tune(state, shop.hands, console.progress, stop)
    return Result(shop.name, tuned)


def _text(result: Result) -> str:
    width = min(96, shutil.get_terminal_size((96, 24)).columns)
    return tune_screen(result.tuned, result.target, width)


def _data(result: Result) -> Mapping[str, Any]:
    return tune_document(result.tuned, result.target)


def _also(result: Result, args: argparse.Namespace) -> None:
    if args.html:
        from surefoot.toolbox.report.tune_page import tune_page  # noqa: PLC0415 - jinja2 on demand

        write_output(args.html, tune_page(result.tuned, result.target))


COMMAND = Command(
    name="tune",
    summary="Raise the rate within the SLO: prove one change after the other, keep what helps.",
    example="surefoot tune shop.wsgi:application --until 500rps --minutes 10 --html walk.html",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
    exit_code=lambda result: _EXIT_CODES.get(result.tuned.stopped, 0),
    also=_also,
)
