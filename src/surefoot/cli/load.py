"""``surefoot load``: send requests on a schedule and time the answers."""

from __future__ import annotations

import argparse
import asyncio
import signal
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import compress
from pathlib import Path
from typing import Any, Final

from surefoot import units
from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.core.histogram import Histogram
from surefoot.errors import UsageError
from surefoot.toolbox.load import (
    Closed,
    Generator,
    LoadResult,
    Progress,
    Schedule,
    Workload,
    parse_workload,
    read_workload,
)
from surefoot.toolbox.load.address import Address, split_url
from surefoot.toolbox.load.schedule import read_trace

__all__ = ["COMMAND"]

_QUANTILES: Final = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999))
_SUMMARY: Final = (
    "Send requests on a schedule, whatever becomes of the others, and time the answers."
)

_DIFFERENCE: Final = (
    "response counts from the instant a request was due, service from when it was sent; the "
    "difference is waiting that a closed loop would not show"
)


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("url", metavar="URL", help='"http://127.0.0.1:8000/books/{1..100}" or "unix:/run/a.sock"')
    add("--workload", metavar="FILE", help="what to send; the URL then says only where to")
    add("--rate", metavar="RATE", help='requests a second: "500", "30/m" (default 100)')
    add("--seconds", metavar="TIME", default="10s", help="how long (default 10s)")
    add(
        "--arrivals",
        choices=("poisson", "uniform"),
        default="poisson",
        help="at random, as people come, or evenly spaced (default poisson)",
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--ramp", metavar="FROM..TO", help="a rate that grows or falls evenly")
    shape.add_argument("--step", metavar="R1,R2,...", help="rates held one after the other")
    shape.add_argument(
        "--spike", metavar="RATE[@START+LENGTH]", help="--rate, and RATE for a while (middle fifth)"
    )
    shape.add_argument("--trace", metavar="FILE", help="one arrival a line, in seconds")
    shape.add_argument(
        "--in-flight", metavar="N", type=int, help="no schedule: keep N requests in flight"
    )
    add("--processes", metavar="N", type=int, default=1, help="how many send (default 1)")
    add("--connections", metavar="N", type=int, default=4000, help="of a process (default 4000)")
    add("--timeout", metavar="TIME", default="10s", help="when a request has failed (default 10s)")
    add("--slo", metavar="TIME", default="250ms", help="judges the generator's lag (default 250ms)")
    add("--seed", metavar="N", type=int, default=1, help="same seed, same requests (default 1)")
    add("--method", metavar="METHOD", help="of the URL's request (default GET)")
    add("--header", metavar="LINE", action="append", default=[], help='"Name: value"; repeatable')
    add("--body", metavar="TEXT", help="of the URL's request; @FILE reads it from a file")
    add(
        "--i-own-this-host",
        action="store_true",
        help="allow a host other than this machine",
    )


def _execute(args: argparse.Namespace, console: Console) -> LoadResult:
    address, path = split_url(args.url)
    workload = _workload(args, path)
    plan = _plan(args)
    return asyncio.run(_load(args, console, address, workload, plan))


async def _load(
    args: argparse.Namespace,
    console: Console,
    address: Address,
    workload: Workload,
    plan: Schedule | Closed,
) -> LoadResult:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None

    def interrupt() -> None:
        # Before the run has begun there is nothing to keep; the second time somebody is in a hurry.
        if stop.is_set() or not running:
            task.cancel()
        stop.set()

    running = False
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        async with Generator(
            workload,
            [str(address)],
            processes=_at_least_one(args.processes, "--processes"),
            seed=args.seed,
            timeout=_duration(args.timeout, "--timeout"),
            connections=_at_least_one(args.connections, "--connections"),
            latency=_duration(args.slo, "--slo"),
            owned=args.i_own_this_host,
        ) as generator:
            running = True
            return await generator.run(plan, progress=_shown(console), stop=stop)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _shown(console: Console) -> Callable[[Progress], None]:
    def show(progress: Progress) -> None:
        console.progress(
            f"{progress.elapsed:.0f}/{progress.seconds:.0f} s  {progress.rate:.0f}/s  "
            f"p50 {progress.p50 * 1e3:.3g} ms  p99 {progress.p99 * 1e3:.3g} ms  "
            f"{progress.errors} errors  {progress.in_flight} in flight"
        )

    return show


# --- What the options say ---


def _workload(args: argparse.Namespace, path: str) -> Workload:
    if args.workload:
        if args.method or args.header or args.body:
            raise UsageError("--method, --header and --body go with a URL, not with --workload")
        if path != "/":
            raise UsageError(
                f"the URL names {path}, and --workload names others",
                do="with --workload give the address alone, such as http://127.0.0.1:8000",
            )
        return read_workload(Path(args.workload))
    request: dict[str, Any] = {"path": path, "method": args.method or "GET"}
    headers = dict(_header(line) for line in args.header)
    if headers:
        request["headers"] = headers
    if args.body is not None:
        request["body"] = _body(args.body)
    return parse_workload({"request": [request]}, "the command line")


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise UsageError("a --header is no header line", do='write --header "Name: value"')
    return name.strip(), value.strip()


def _body(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--body names {text[1:]}, which cannot be read: {error}") from error


def _plan(args: argparse.Namespace) -> Schedule | Closed:
    seconds = _duration(args.seconds, "--seconds")
    if args.in_flight is not None:
        return Closed(_at_least_one(args.in_flight, "--in-flight"), seconds)
    if args.trace:
        return Schedule("trace", times=read_trace(Path(args.trace)))
    if args.ramp:
        start, dots, end = args.ramp.partition("..")
        if not dots:
            raise UsageError("--ramp takes two rates", do="write --ramp 100..500")
        low, high = units.parse_rate(start), units.parse_rate(end)
        return Schedule("ramp", low, seconds, to=high, arrivals=args.arrivals)
    if args.step:
        rates = tuple(units.parse_rate(part) for part in args.step.split(","))
        return Schedule("step", seconds=seconds, rates=rates, arrivals=args.arrivals)
    rate = units.parse_rate(args.rate) if args.rate is not None else 100.0
    if args.spike:
        return _spike(args.spike, rate, seconds, args.arrivals)
    return Schedule(args.arrivals, rate, seconds)


def _spike(text: str, rate: float, seconds: float, arrivals: str) -> Schedule:
    top, at, when = text.partition("@")
    start, width = 0.4 * seconds, 0.2 * seconds
    if at:
        begin, plus, length = when.partition("+")
        if not plus:
            raise UsageError("--spike does not say how long", do="write --spike 1000@5s+2s")
        start, width = _duration(begin, "--spike"), _duration(length, "--spike")
    return Schedule(
        "spike", rate, seconds, to=units.parse_rate(top), at=start, width=width, arrivals=arrivals
    )


def _duration(text: str, option: str) -> float:
    bare = text.replace(".", "", 1).isdigit()
    seconds = float(text) if bare else units.parse_duration(text)
    if seconds < 0 or (seconds == 0 and option != "--spike"):
        raise UsageError(f"{option} is {text}; it must be longer than nothing")
    return seconds


def _at_least_one(value: int, option: str) -> int:
    if value < 1:
        raise UsageError(f"{option} is {value}; it must be 1 or more")
    return value


# --- What the result looks like ---


def _text(result: LoadResult) -> str:
    return "\n".join(_lines(result)) + "\n"


def _lines(result: LoadResult) -> list[str]:
    rate = result.sent / result.seconds if result.seconds else 0.0
    headline = (
        f"{result.sent} requests in {units.format_duration(result.seconds)} "
        f"({units.format_rate(rate)}), {result.completed} answered, "
        f"{result.failed} errors, {result.unsent} unsent"
    )
    lines = [
        headline,
        "",
        *_table(result),
        _DIFFERENCE,
        "",
    ]
    if result.statuses:
        lines.append("answers   " + _counts(_answers(result.statuses)))
    if result.errors:
        lines.append("errors    " + _counts(result.errors))
    lag = result.lag.quantile(0.99)
    busiest = max((worker.busy for worker in result.workers), default=0.0)
    lines.append(
        f"generator {result.cpu_per_request * 1e6:.0f} us of CPU a request, {busiest:.0%} of a "
        f"core, lag p99 {lag * 1e3:.2f} ms, {result.connections} connections"
    )
    if not result.precision.startswith("timerfd"):
        lines.append(f"timing    {result.precision}")
    if result.interrupted:
        lines.append(f"interrupted; {result.abandoned} requests were still in flight")
    if not result.valid:
        lines.append(f"INVALID   {result.why_invalid}")
    return lines


def _table(result: LoadResult) -> list[str]:
    names = [name for name, _ in _QUANTILES] + ["max"]
    lines = ["ms        " + "".join(f"{name:>10}" for name in names)]
    for title, histogram in (("response", result.response), ("service", result.service)):
        values = _milliseconds(histogram).values()
        lines.append(f"{title:<10}" + "".join(f"{value:>10.2f}" for value in values))
    return lines


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} x {name}" for name, number in counts.items())


def _answers(statuses: Mapping[int, int]) -> dict[str, int]:
    return {str(status): number for status, number in statuses.items() if status >= 100}


def _data(result: LoadResult) -> dict[str, Any]:
    return {
        "version": 1,
        "sent": result.sent,
        "unsent": result.unsent,
        "completed": result.completed,
        "valid": result.valid,
        "why_invalid": result.why_invalid,
        "interrupted": result.interrupted,
        "seconds": round(result.seconds, 6),
        "throughput": round(result.throughput, 3),
        "response_ms": _milliseconds(result.response),
        "service_ms": _milliseconds(result.service),
        "errors": dict(result.errors),
        "statuses": _answers(result.statuses),
        "requests": _by_request(result),
        "generator_cpu_us": round(result.cpu_per_request * 1e6, 2),
        "generator_busy": [round(worker.busy, 4) for worker in result.workers],
        "lag_ms": _milliseconds(result.lag),
        "retries": result.retries,
        "connections": result.connections,
        "abandoned": result.abandoned,
        "precision": result.precision,
        "seed": result.seed,
    }


def _by_request(result: LoadResult) -> list[dict[str, Any]]:
    samples = result.samples
    times = [array("f") for _ in result.names]
    for index, response, status in zip(
        samples.request, samples.response, samples.status, strict=True
    ):
        if status:
            times[index].append(response)
    ended = Counter(samples.request)
    failed = Counter(compress(samples.request, samples.failed))
    out = []
    for index, name in enumerate(result.names):
        p50, p99 = Histogram(times[index]).quantiles(0.5, 0.99)
        entry = {"name": name, "ended": ended[index], "errors": failed[index]}
        out.append(entry | {"p50_ms": round(p50 * 1e3, 4), "p99_ms": round(p99 * 1e3, 4)})
    return out


def _milliseconds(histogram: Histogram) -> dict[str, float]:
    values = {name: histogram.quantile(q) for name, q in _QUANTILES}
    values["max"] = histogram.maximum
    return {name: round(value * 1e3, 4) for name, value in values.items()}


def _exit_code(result: LoadResult) -> int:
    if result.interrupted:
        return 130
    if not result.valid:
        return 3
    return 0 if result.completed else 1


COMMAND: Final = Command(
    name="load",
    summary=_SUMMARY,
    example="surefoot load http://127.0.0.1:8000/ --rate 500 --seconds 10 --arrivals uniform",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
    exit_code=_exit_code,
)
