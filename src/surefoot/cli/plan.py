"""``surefoot plan``: replicas, hosts and connections that a rate needs, and when it is outgrown."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from surefoot import config, units
from surefoot.cli.command import Command, add_config_options, config_flags, write_output
from surefoot.cli.console import Console
from surefoot.cli.measuring import MEASURED, SECONDS, measured_now
from surefoot.errors import UsageError
from surefoot.toolbox.plan.arithmetic import Wanted
from surefoot.toolbox.plan.connections import room
from surefoot.toolbox.plan.growth import parse_growth
from surefoot.toolbox.plan.measured import Measured, from_document, read
from surefoot.toolbox.plan.plan import Plan, make_plan
from surefoot.toolbox.report.document import document
from surefoot.toolbox.report.plan_document import plan_document
from surefoot.toolbox.report.plan_screen import plan_screen

__all__ = ["COMMAND"]


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", help="what to measure; not needed with --from")
    parser.add_argument("--rate", required=True, help="what has to be carried, 2000 or 120000/m")
    parser.add_argument("--growth", default="", help="how the rate grows, 15%%/month say")
    parser.add_argument(
        "--from",
        dest="documents",
        metavar="FILE",
        nargs="+",
        default=[],
        help="plan from what measure --json wrote; with other replicas in each of four or more, "
        "a curve is fitted",
    )
    parser.add_argument(
        "--target-use",
        type=float,
        default=70.0,
        metavar="PERCENT",
        help="how busy the tightest resource may be (default 70)",
    )
    parser.add_argument(
        "--surge",
        type=int,
        default=1,
        help="replicas that run besides while a new release takes over (default 1)",
    )
    parser.add_argument(
        "--max-connections", type=int, help="of the database; asked of it where it can be reached"
    )
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="budget of the search (default 35)"
    )
    parser.add_argument("--html", metavar="FILE", help="write the plan as a page to look at")
    add_config_options(parser, *MEASURED)


def _execute(args: argparse.Namespace, console: Console) -> Plan:
    rate = units.parse_rate(args.rate)
    growth = parse_growth(args.growth) if args.growth else 0.0
    _refuse(args, rate)
    settings = config.load(Path.cwd(), flags=config_flags(args) | {"app.target": args.target})
    runs = _runs(args, settings, console)
    console.progress("asking the database how many connections it takes")
    space = room(settings, args.max_connections)
    wanted = Wanted(rate, args.target_use / 100, args.surge, space.most, space.reserved)
    return make_plan(runs, wanted, space, growth, datetime.now(UTC).date())


def _refuse(args: argparse.Namespace, rate: float) -> None:
    if not 0 < rate < 1e9:
        raise UsageError(f"--rate {args.rate} is nothing to plan for")
    if not 5 <= args.target_use <= 95:
        raise UsageError(f"--target-use {args.target_use:g} is not between 5 and 95 percent")
    if not 0 <= args.surge <= 1000:
        raise UsageError(f"--surge {args.surge} is no number of replicas")
    if args.max_connections is not None and args.max_connections < 1:
        raise UsageError(f"--max-connections {args.max_connections} leaves none")
    if args.documents and args.target:
        raise UsageError("give a target to measure or --from, not both")
    if args.seconds <= 0:
        raise UsageError(f"--seconds {args.seconds:g} leaves no time to search")


def _runs(args: argparse.Namespace, settings: config.Settings, console: Console) -> list[Measured]:
    if args.documents:
        runs = [read(Path(name)) for name in args.documents]
        others = {run.target for run in runs}
        if len(others) > 1:
            raise UsageError(f"these are of several applications: {', '.join(sorted(others))}")
        return runs
    measurement = measured_now(settings, args.seconds, console)
    if measurement.interrupted:
        # A search that was cut short found no capacity to plan with.
        raise KeyboardInterrupt
    return [from_document(document(measurement), "measured now")]


def _text(plan: Plan) -> str:
    return plan_screen(plan, min(120, shutil.get_terminal_size((96, 24)).columns))


def _data(plan: Plan) -> Mapping[str, Any]:
    return plan_document(plan)


def _also(plan: Plan, args: argparse.Namespace) -> None:
    if args.html:
        from surefoot.toolbox.report.plan_page import plan_page  # noqa: PLC0415 - jinja2 on demand

        write_output(args.html, plan_page(plan))


COMMAND = Command(
    name="plan",
    summary="Count the replicas, hosts and connections that a rate needs, with one to lose.",
    example="surefoot plan --rate 2000 --growth 15%/month --from result.json",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
    also=_also,
)
