"""``surefoot cache``: what a store holds, what is kept under a key, and taking it away."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from surefoot import config
from surefoot.cli.argument import open_to_all
from surefoot.cli.cache_get import got
from surefoot.cli.cache_invalidate import invalidated
from surefoot.cli.cache_place import Place
from surefoot.cli.cache_stats import counted
from surefoot.cli.command import Command
from surefoot.cli.console import Console
from surefoot.core.cache.family import RESPONSES
from surefoot.errors import UsageError

__all__ = ["COMMAND"]


class _Result(Protocol):
    """What each of the three returns."""

    def text(self) -> str:
        """For a terminal."""

    def data(self) -> Mapping[str, Any]:
        """For programs."""


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=("stats", "get", "invalidate"),
        help="stats: what the store holds, by cache; get NAME KEY: what is kept under a key; "
        "invalidate: take keys away, or what hangs on tags",
    )
    parser.add_argument(
        "words", nargs="*", metavar="NAME KEY", help="of get, behind it: the cache, and the key"
    )
    parser.add_argument("--url", help="of the store, in place of [cache] url")
    parser.add_argument("--name", help="of the cache; stats shows all where none is given")
    parser.add_argument(
        "--responses",
        action="store_true",
        help="in place of a name: the answers that [[cache.response]] keeps",
    )
    parser.add_argument("--tag", action="append", default=[], help="to invalidate; may be repeated")
    parser.add_argument(
        "--key", action="append", default=[], help="as load.key(7) tells it; may be repeated"
    )
    parser.add_argument("--all", action="store_true", help="invalidate everything of the cache")


def _execute(args: argparse.Namespace, console: Console) -> _Result:
    place = _place(args.url)
    if args.what == "get":
        name, key = _name_and_key(args)
        return got(place, name, key)
    if args.words:
        raise UsageError(f"{args.words[0]!r} is one word too many", do="give the cache as --name")
    name = _name(args)
    if args.what == "stats":
        if args.tag or args.key or args.all:
            raise UsageError("--tag, --key and --all are for surefoot cache invalidate")
        return counted(place, name, console)
    return invalidated(place, name, args.key, args.tag, console, everything=args.all)


def _place(url: str | None) -> Place:
    here = Path.cwd()
    if url is not None:
        instead = "leave --url out, and set SUREFOOT_CACHE_URL or [cache] url"
        return Place(open_to_all("--url", url, instead), here)
    settings = config.load(here)
    app = settings.config.app
    return Place(settings.config.cache.url, (settings.directory / app.directory).resolve())


def _name(args: argparse.Namespace) -> str:
    if args.responses and args.name:
        raise UsageError("give --name or --responses, not both")
    return RESPONSES if args.responses else args.name or ""


def _name_and_key(args: argparse.Namespace) -> tuple[str, str]:
    if args.responses:
        raise UsageError(
            "the key of an answer is made of all of its request, and cannot be written by hand",
            do="ask for it with curl -i: an answer that was kept has a field Age",
        )
    words = ([args.name] if args.name else []) + args.words + args.key
    if len(words) != 2 or args.tag or args.all:
        raise UsageError(
            "get wants the name of a cache and a key, and nothing else",
            do='surefoot cache get books "shop.books.load(number=7)"; load.key(7) tells the key',
        )
    return words[0], words[1]


COMMAND: Command[_Result] = Command(
    name="cache",
    summary="Show what a cache's store holds, by cache or by key, or take it away.",
    example="surefoot cache invalidate --name books --tag book:7",
    options=_options,
    execute=_execute,
    text=lambda result: result.text(),
    data=lambda result: result.data(),
)
