"""CPU of a hit in this process through a decorator, beside every Python peer that has one.

    pip install cachebox cachetools theine dogpile.cache cashews aiocache Flask-Caching
    python bench/cache/decorators.py [--turns 21] [--calls 3000]      # needs redis-server

Contestants take turns in short blocks; a ratio is ours / theirs of the same turn, the median with
the tenth and the ninetieth percentile. Who is not installed is left out. ``ours`` has the copies of
a Redis (``local=``): bounded in bytes, counted, and dropped when anybody changes the value.
One function returns text, which callers may share, and one a dictionary: each caller of ours gets
one of its own, decoded; what the others do with theirs is said beside their names.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import functools
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.blocks import Block, rows, spent, tasks, threads
from support.contest import installed, on_one_core, page

from surefoot.cache import AsyncCache, Cache

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from servers import RedisServer, wait_until

OURS = "ours"
TEXT = "A title of a book " * 10
Found = Iterator[tuple[str, Callable[[int], Any]]]


def title(number: int) -> str:  # noqa: ARG001 - the key
    """What is cached."""
    return TEXT


async def atitle(number: int) -> str:  # noqa: ARG001 - the key
    """The same for event loops."""
    return TEXT


def peers(function: Callable[[int], Any]) -> Found:
    """Every peer's decorator, as its documentation has it; locks where it has them."""
    yield "functools.lru_cache (no end, shared)", functools.lru_cache(1000)(function)
    if installed("cachebox"):
        import cachebox

        yield (
            "cachebox TTLCache (shallow copy)",
            cachebox.cached(cachebox.TTLCache(1000, 600))(function),
        )
    if installed("cachetools"):
        import cachetools

        made = cachetools.cached(cachetools.TTLCache(1000, 600), lock=threading.Lock(), info=True)
        yield "cachetools TTLCache, lock (shared)", made(function)
    if installed("theine"):
        import theine

        yield "theine (shared)", theine.Memoize(1000, dt.timedelta(seconds=600))(function)
    if installed("dogpile"):
        from dogpile.cache import make_region

        region = make_region().configure("dogpile.cache.memory", expiration_time=600)
        yield "dogpile.cache memory (shared)", region.cache_on_arguments()(function)
    if installed("flask_caching"):
        yield "Flask-Caching SimpleCache (pickles)", flask(function)


def flask(function: Callable[[int], Any]) -> Callable[[int], Any]:
    """Flask-Caching's, in an application's context."""
    import flask as framework
    from flask_caching import Cache as Theirs

    application = framework.Flask("bench")
    theirs = Theirs(application, config={"CACHE_TYPE": "SimpleCache"})
    application.app_context().push()
    return theirs.memoize(600)(function)


def async_peers() -> Found:
    """The decorators for coroutine functions."""
    if installed("cashews"):
        from cashews import Cache as Theirs

        theirs = Theirs()
        theirs.setup("mem://")
        yield "cashews mem", theirs(ttl="10m")(atitle)
    if installed("aiocache"):
        import aiocache

        yield "aiocache memory", aiocache.cached(ttl=600)(atitle)


def table(title: str, blocks: dict[str, Block], turns: int, calls: int) -> None:
    """One table."""
    print(f"\n{title:<40} {'us':>4}   ours / it")
    print("\n".join(rows(spent(blocks, turns=turns, calls=calls), [OURS], 38)), flush=True)


def own(stack: contextlib.ExitStack, url: str) -> Cache:
    """Ours, whose copies may be used by now."""
    cache = Cache.from_url(url, name="bench", local="16MB")
    stack.callback(cache.close)
    listening(cache)
    return cache


def listening(cache: Cache | AsyncCache) -> None:
    """Wait until the watch hears."""
    assert cache.local is not None
    local = cache.local
    local.ticket()
    wait_until(lambda: local.watch.valid_until > 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=21)
    parser.add_argument("--calls", type=int, default=3000)
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    on_one_core()
    with RedisServer() as server, contextlib.ExitStack() as stack:
        for function in (title, page):
            cache = own(stack, server.url)
            mine = cache.cached(ttl=600)(function)
            for _ in range(2):
                mine(7)
            found = {OURS: threads(lambda mine=mine: mine(7))}
            found |= {name: threads(functools.partial(made, 7)) for name, made in peers(function)}
            what = "text" if function is title else "dictionary of 1 kB"
            table(f"hit, {what}", found, args.turns, args.calls)
            assert cache.local is not None
            assert cache.local.total("bench").hits > args.turns * args.calls
        with asyncio.Runner() as runner:
            cache = AsyncCache.from_url(server.url, name="loop", local="16MB")
            in_loop(runner, cache, args)
            runner.run(cache.close())


def in_loop(runner: asyncio.Runner, cache: AsyncCache, args: argparse.Namespace) -> None:
    """Coroutine functions."""
    loop = runner.get_loop()
    listening(cache)
    mine = cache.cached(ttl=600)(atitle)
    for _ in range(2):
        runner.run(mine(7))
    found = {"await, no cache": tasks(loop, lambda: atitle(7)), OURS: tasks(loop, lambda: mine(7))}
    for name, made in (*peers(atitle), *async_peers()):
        if name.split()[0] in {"cachebox", "cashews", "aiocache"}:
            found[name] = tasks(loop, functools.partial(made, 7))
    table("hit, text, coroutine function", found, args.turns, args.calls)


if __name__ == "__main__":
    main()
