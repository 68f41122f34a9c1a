"""``surefoot workload``: a workload file from what there is: a log, a recording, the pages."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from surefoot import config, units
from surefoot.cli.command import Command, add_config_options, config_flags, write_output
from surefoot.cli.console import Console
from surefoot.errors import UsageError
from surefoot.toolbox.target import find_application
from surefoot.toolbox.workloads.draft import Draft, counted
from surefoot.toolbox.workloads.make import Wish, draft
from surefoot.toolbox.workloads.place import Place
from surefoot.toolbox.workloads.toml import to_toml

__all__ = ["COMMAND"]

_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class _Written:
    file: str
    toml: str
    draft: Draft


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("target", nargs="?", help="which application, shop.wsgi:application say")
    add("--url", default="", help="an application that runs already, in place of the target")
    add(
        "--from",
        dest="file",
        metavar="FILE",
        default="",
        help="an access log (common, combined, JSON; gzip too; - for standard input), "
        "a browser's HAR file, an OpenAPI document, a locustfile or a JMeter plan; told by its "
        "name and content",
    )
    add(
        "--openapi",
        metavar="PATH",
        nargs="?",
        const="/openapi.json",
        default="",
        help="the OpenAPI document that the application itself serves (default /openapi.json)",
    )
    add("--host", default="", help="the application's name in the log, recording or plan")
    add("--writes", action="store_true", help="keep requests that write, where they can be sent")
    add(
        "--log-in",
        metavar="FILE",
        default="",
        help="look at the application logged in, as this workload file says",
    )
    add("--i-own-this-host", action="store_true", help="let --url be a host that is not this one")
    add("--output", metavar="FILE", default="", help="write it to FILE")
    add("--force", action="store_true", help="overwrite FILE")
    add_config_options(
        parser, "app.python", "app.directory", "app.env_file", "server.kind", "server.threads"
    )


def _execute(args: argparse.Namespace, console: Console) -> _Written:
    if args.output and Path(args.output).exists() and not args.force:
        raise UsageError(f"{args.output} exists", do="name another file, or say --force")
    _check(args)
    wish = Wish(args.file, args.openapi, args.host, args.writes, args.log_in)
    made = asyncio.run(draft(wish, _place(args, console), console.progress))
    toml = to_toml(made)
    if args.output:
        write_output(args.output, toml)
    return _Written(args.output, toml, made)


def _check(args: argparse.Namespace) -> None:
    if args.url and args.target:
        raise UsageError("give a target or --url, not both")
    if args.file and args.openapi:
        raise UsageError("--openapi asks the application; give a document's file as --from")
    if args.host and not args.file:
        raise UsageError(
            "--host chooses among the hosts of a log, a recording or a plan; give it --from"
        )


def _place(args: argparse.Namespace, console: Console) -> Place:
    flags = config_flags(args) | {"app.target": args.target}
    settings = config.load(Path.cwd(), flags=flags)
    # A log or a recording can be read without the application; it is not looked for then.
    named = settings.config.app.target or not args.file
    if args.url or not named:
        return Place(settings, url=args.url, owned=args.i_own_this_host)
    console.progress("looking at the application")
    return Place(settings, find_application(settings))


def _text(written: _Written) -> str:
    if not written.file:
        return written.toml
    made = written.draft
    lines = [f"{written.file}: {counted(made.count)}", *(f"  {note}" for note in made.notes)]
    for left in made.left_out[:_SHOWN]:
        many = f" ({counted(left.count)})" if left.count else ""
        lines.append(f"  left out: {left.what}{many}: {left.why}")
    if len(made.left_out) > _SHOWN:
        lines.append(f"  {len(made.left_out) - _SHOWN} more are left out: see the end of the file")
    lines += [f"  you supply {each.name}: {each.what}" for each in made.needed]
    if made.peak:
        rate = units.format_rate(made.peak)
        lines.append(f"  the rate to meet is that of the busiest minute, {rate}")
    lines.append(f"next: surefoot measure --workload {written.file}")
    return "\n".join(lines)


def _data(written: _Written) -> Mapping[str, Any]:
    made = written.draft
    return {
        "file": written.file,
        "source": made.source,
        **made.document(),
        "rate": made.rate or None,
        "peak": made.peak or None,
        "notes": list(made.notes),
        "left_out": [
            {"what": left.what, "why": left.why, "count": left.count or None}
            for left in made.left_out
        ],
        "needed": [{"name": each.name, "what": each.what} for each in made.needed],
    }


COMMAND = Command(
    name="workload",
    summary="Write a workload file from a log, a recording, an API's description or the pages.",
    example="surefoot workload shop.wsgi:application --from access.log --output workload.toml",
    options=_options,
    execute=_execute,
    text=_text,
    data=_data,
)
