"""``surefoot prove``: base against variant, side by side, with the same answers or not at all."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from surefoot.cli.argument import open_to_all
from surefoot.cli.command import Command, add_config_options, config_flags, write_output
from surefoot.cli.console import Console
from surefoot.core.ab import Question
from surefoot.core.proof import Measure, Outcome, Verdict, document
from surefoot.errors import UsageError
from surefoot.toolbox.journal import alone
from surefoot.toolbox.prove.arms import base_arm, question_for, variant_arm
from surefoot.toolbox.prove.run import Interrupted, Plan, prove
from surefoot.toolbox.report.verdict import verdict_text
from surefoot.toolbox.signals import ending_signals
from surefoot.toolbox.workload import whole_workload_for

__all__ = ["COMMAND"]

_SECONDS: Final = 90.0
_LEAST_SECONDS: Final = 10.0
_EXIT_CODES: Final = {
    Outcome.BETTER: 0,
    Outcome.NO_DIFFERENCE: 0,
    Outcome.INCONCLUSIVE: 3,
    Outcome.WORSE: 1,
    Outcome.WRONG_ANSWERS: 1,
}


@dataclass(frozen=True, slots=True)
class Proof:
    """The verdict, and whether it was cut short."""

    verdict: Verdict
    plan: Plan
    variant: str
    """What it has changed, in a few words."""
    interrupted: bool


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", help="what to prove it on, shop.wsgi:application say")
    parser.add_argument("--base", metavar="FILE", default="", help="configuration of the base")
    parser.add_argument(
        "--variant", metavar="FILE", default="", help="configuration of the variant"
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="the variant has this key changed, server.threads=8 say; may be given several times",
    )
    parser.add_argument(
        "--with", dest="checkout", metavar="DIR", default="", help="the variant's code is there"
    )
    parser.add_argument(
        "--seconds", type=float, default=_SECONDS, help="budget for everything (default 90)"
    )
    parser.add_argument(
        "--on",
        metavar="MEASURES",
        default="",
        help="what must get better: cpu, capacity, latency, memory or bytes, or several with "
        "commas (default: capacity for changes of [server] and [database], else cpu,capacity)",
    )
    parser.add_argument("--seed", type=int, default=1, help="of requests and orders (default 1)")
    parser.add_argument("--html", metavar="FILE", help="write a report to look at")
    add_config_options(
        parser, "workload.file", "slo.latency", "app.python", "app.directory", "app.env_file"
    )


def _execute(args: argparse.Namespace, console: Console) -> Proof:
    if args.seconds < _LEAST_SECONDS:
        raise UsageError(f"--seconds {args.seconds:g} is too short to decide anything")
    if not (args.variant or args.set or args.checkout):
        raise UsageError(
            "there is no variant to prove",
            do="give --variant b.toml, --set server.threads=8 or --with ../my-branch",
        )
    try:
        return asyncio.run(_prove(args, console))
    except Interrupted:
        raise KeyboardInterrupt from None


async def _prove(args: argparse.Namespace, console: Console) -> Proof:
    stop = asyncio.Event()
    with ending_signals(stop.set, stop.set):
        plan = await _planned(args, console)
        if stop.is_set():
            raise Interrupted
        with alone(plan.base.settings):
            verdict = await prove(plan, console.progress, stop)
    words = [args.variant, *args.set, f"the code in {args.checkout}" if args.checkout else ""]
    return Proof(verdict, plan, ", ".join(filter(None, words)), stop.is_set())


async def _planned(args: argparse.Namespace, console: Console) -> Plan:
    console.progress("looking at the two")
    flags = config_flags(args) | {"app.target": args.target}
    here = Path.cwd()
    base = await asyncio.to_thread(base_arm, here, args.base, flags)
    variant = await asyncio.to_thread(
        variant_arm,
        base,
        here,
        args.variant or args.base,
        args.checkout,
        flags | _changes(args.set),
    )
    workload, notes = await whole_workload_for(base.application, base.settings, console.progress)
    question = _question(args.on) if args.on else question_for(base, variant)
    return Plan(base, variant, workload, args.seconds, question, seed=args.seed, notes=notes)


def _changes(words: Sequence[str]) -> dict[str, Any]:
    changes = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"--set {word}: write KEY=VALUE, server.threads=8 say")
        open_to_all("--set", word, "write it into a file, and give that as --variant FILE")
        try:
            changes[key.strip()] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            changes[key.strip()] = text
    return changes


def _question(text: str) -> Question:
    try:
        on = tuple(Measure(word.strip()) for word in text.split(","))
    except ValueError:
        raise UsageError(
            f"--on {text}: nothing can be decided on that",
            do=f"choose among {', '.join(measure for measure in Measure)}",
        ) from None
    # Fewer bytes are paid for with CPU; the network that they spare is not in this machine.
    dear = {Measure.CAPACITY} if Measure.BYTES in on else set()
    guards = (Measure.CAPACITY, Measure.LATENCY, Measure.ERRORS)
    return Question(on, tuple(each for each in guards if each not in {*on, *dear}))


def _text(proof: Proof) -> str:
    return verdict_text(proof.verdict, min(100, shutil.get_terminal_size((96, 24)).columns))


def _data(proof: Proof) -> Mapping[str, Any]:
    return document(proof.verdict)


def _also(proof: Proof, args: argparse.Namespace) -> None:
    if args.html:
        from surefoot.toolbox.report.prove_page import prove_page  # noqa: PLC0415 - jinja2 on demand

        target = proof.plan.base.application.target
        page = prove_page(proof.verdict, proof.plan.question, target=target, variant=proof.variant)
        write_output(args.html, page)


def _exit_code(proof: Proof) -> int:
    return 130 if proof.interrupted else _EXIT_CODES[proof.verdict.outcome]


COMMAND = Command(
    name="prove",
    summary="Prove a change: the same answers, and better by more than the noise.",
    example="surefoot prove shop.wsgi:application --set server.threads=8 --seconds 60",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
    exit_code=_exit_code,
    also=_also,
)
