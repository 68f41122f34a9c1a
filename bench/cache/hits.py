"""What a hit costs on Redis with its value decoded, beside plain redis-py and every Python peer.

    pip install hiredis dogpile.cache cashews aiocache Flask-Caching
    python bench/cache/hits.py [--turns 21] [--calls 400] [--no-peers]      # needs redis-server

The value is a dictionary of 1 kB. Contestants take turns in short blocks; a ratio is ours / theirs
of the same turn, the median with the tenth and the ninetieth percentile, and of the CPU of client
and server together, both on one core, over TCP; the client's own is told beside. ``+ decode``
decodes the msgpack that ours decodes, by msgspec; a peer decodes what it writes by itself. Django's
backends are in ``django_backend.py``. Who is not installed is left out. hiredis is used where it is
installed.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import logging
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import redis
import redis.asyncio
from support.blocks import Block, cpu, rows, spent, tasks, threads
from support.contest import PAGE, apage, installed, on_one_core, page

from surefoot.cache import AsyncCache, Cache

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from servers import RedisServer

PATIENT = "timeout=20s&connect_timeout=20s"
Found = Iterator[tuple[str, Callable[[], Any]]]


def of_threads(cache: Cache, server: RedisServer) -> Found:
    """Ours, and redis-py with as little around it as can be."""
    cache.set("k", PAGE, ttl=3600)
    mine = cache.cached(ttl=3600)(page)
    yield "Cache.get", lambda: cache.get("k")
    yield "Cache.cached", lambda: mine(7)
    plain = redis.Redis(port=server.port)
    alone = redis.Redis(port=server.port, single_connection_client=True)
    plain.set("raw", msgspec.msgpack.encode(PAGE))
    decode = msgspec.msgpack.Decoder().decode
    yield "redis-py GET", lambda: plain.get("raw")
    yield "redis-py GET + decode", lambda: decode(plain.get("raw"))
    yield "redis-py GET + decode, one connection", lambda: decode(alone.get("raw"))


def of_tasks(cache: AsyncCache, runner: asyncio.Runner, server: RedisServer) -> Found:
    """The same in an event loop."""
    runner.run(cache.set("k", PAGE, ttl=3600))
    mine = cache.cached(ttl=3600)(apage)
    yield "AsyncCache.get", lambda: cache.get("k")
    yield "AsyncCache.cached", lambda: mine(7)
    plain = redis.asyncio.Redis(port=server.port)
    runner.run(plain.set("raw", msgspec.msgpack.encode(PAGE)))
    decode = msgspec.msgpack.Decoder().decode

    async def decoded() -> Any:
        return decode(await plain.get("raw"))

    yield "redis.asyncio GET", lambda: plain.get("raw")
    yield "redis.asyncio GET + decode", decoded


def peers(server: RedisServer) -> Found:
    """Decorators and reads of the peers for threads."""
    if installed("dogpile"):
        from dogpile.cache import make_region

        arguments = {"host": "127.0.0.1", "port": server.port}
        region = make_region().configure(
            "dogpile.cache.redis", expiration_time=3600, arguments=arguments
        )
        region.set("dogpile", PAGE)
        yield "dogpile.cache get", lambda: region.get("dogpile")
        yield "dogpile.cache decorator", functools.partial(region.cache_on_arguments()(page), 7)
    if installed("flask_caching"):
        import flask
        from flask_caching import Cache as Theirs

        application = flask.Flask("bench")
        config = {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_PORT": server.port}
        theirs = Theirs(application, config=config)
        application.app_context().push()
        theirs.set("flask", PAGE, timeout=3600)
        yield "Flask-Caching get", lambda: theirs.get("flask")
        yield "Flask-Caching memoize", functools.partial(theirs.memoize(3600)(page), 7)


def async_peers(runner: asyncio.Runner, server: RedisServer) -> Found:
    """Those for event loops."""
    if installed("cashews"):
        from cashews import Cache as Theirs

        theirs = Theirs()
        theirs.setup(server.url)
        runner.run(theirs.set("cashews", PAGE, expire=3600))
        yield "cashews get", lambda: theirs.get("cashews")
        yield "cashews decorator", functools.partial(theirs(ttl="1h")(apage), 7)
    if installed("aiocache"):
        import aiocache
        from aiocache.serializers import PickleSerializer

        where = {"endpoint": "127.0.0.1", "port": server.port}
        other = aiocache.RedisCache(serializer=PickleSerializer(), **where)
        runner.run(other.set("aiocache", PAGE, ttl=3600))
        made = aiocache.cached(
            ttl=3600, cache=aiocache.RedisCache, serializer=PickleSerializer(), **where
        )
        yield "aiocache get", lambda: other.get("aiocache")
        yield "aiocache decorator", functools.partial(made(apage), 7)


def table(found: dict[str, Block], ours: list[str], server: int, args: argparse.Namespace) -> None:
    """One table, and what of it is the client's."""
    print(
        f"{'hit of 1 kB, TCP':<40} {'us':>4}   "
        + "   ".join(f"{f'{mine} / it':<20}" for mine in ours)
    )
    told = spent(found, turns=args.turns, calls=args.calls, server=server)
    print("\n".join(rows(told, ours, 38)))
    for name, block in found.items():
        before = cpu()
        block(args.calls)
        of_client = (cpu() - before) / args.calls / 1000
        share = of_client / statistics.median(told[name])
        print(f"{name:<38} {of_client:>6.1f} us of the client, {share:.0%}")
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=21)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--no-peers", action="store_true", help="redis-py alone")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    on_one_core()
    with RedisServer() as server:
        url, pid = f"{server.url}?{PATIENT}", server.process.pid
        cache = Cache.from_url(url, name="bench")
        contestants = [*of_threads(cache, server), *(() if args.no_peers else peers(server))]
        blocks = {name: threads(call) for name, call in contestants}
        check(contestants)
        table(blocks, ["Cache.get", "Cache.cached"], pid, args)
        cache.close()
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            again = AsyncCache.from_url(url, name="bench")
            contestants = [*of_tasks(again, runner, server)]
            contestants += () if args.no_peers else async_peers(runner, server)
            check(
                [(name, lambda call=call: runner.run(as_task(call))) for name, call in contestants]
            )
            blocks = {name: tasks(loop, call) for name, call in contestants}
            table(blocks, ["AsyncCache.get", "AsyncCache.cached"], pid, args)
            runner.run(again.close())


async def as_task(call: Callable[[], Any]) -> Any:
    """What a coroutine function returns."""
    return await call()


def check(contestants: list[tuple[str, Callable[[], Any]]]) -> None:
    """Nobody is measured who returns something else."""
    for name, call in contestants:
        for _ in range(2):
            value = call()
        assert value == PAGE or name.endswith(" GET"), f"{name} returns {value!r}"


if __name__ == "__main__":
    main()
