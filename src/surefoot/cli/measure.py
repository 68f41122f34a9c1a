"""``surefoot measure``: capacity, the resource that bounds it, and what to do first."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from surefoot import config
from surefoot.cli.command import Command, add_config_options, config_flags, write_output
from surefoot.cli.console import Console
from surefoot.cli.measuring import MEASURED, SECONDS, measured_now
from surefoot.errors import UsageError
from surefoot.toolbox.measure.run import Measurement
from surefoot.toolbox.report.document import document
from surefoot.toolbox.report.screen import screen

__all__ = ["COMMAND"]


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", help="what to measure, shop.wsgi:application say")
    parser.add_argument("--url", help="measure something that runs already, from outside")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="budget of the search (default 35)"
    )
    parser.add_argument(
        "--i-own-this-host", action="store_true", help="let --url be a host that is not this one"
    )
    parser.add_argument("--html", metavar="FILE", help="write a report to look at")
    add_config_options(parser, *MEASURED)


def _execute(args: argparse.Namespace, console: Console) -> Measurement:
    if args.seconds <= 0:
        raise UsageError(f"--seconds {args.seconds:g} leaves no time to search")
    if args.url and args.target:
        raise UsageError("give a target or --url, not both")
    flags = config_flags(args) | {"app.target": args.target}
    settings = config.load(Path.cwd(), flags=flags)
    return measured_now(settings, args.seconds, console, args.url, owned=args.i_own_this_host)


def _also(measurement: Measurement, args: argparse.Namespace) -> None:
    if args.html:
        from surefoot.toolbox.report.page import page  # noqa: PLC0415 - jinja2 only when asked

        write_output(args.html, page(measurement))


def _text(measurement: Measurement) -> str:
    return screen(measurement, min(120, shutil.get_terminal_size((96, 24)).columns))


def _data(measurement: Measurement) -> Mapping[str, Any]:
    return document(measurement)


def _exit_code(measurement: Measurement) -> int:
    if measurement.interrupted:
        return 130
    return 0 if measurement.diagnosis.valid else 3


COMMAND = Command(
    name="measure",
    summary="Find the application's capacity, the resource that bounds it, and what to do first.",
    example="surefoot measure shop.wsgi:application --slo 250ms --html report.html",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
    exit_code=_exit_code,
    also=_also,
)
