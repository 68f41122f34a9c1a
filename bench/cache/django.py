"""What one call of Django's cache costs on Redis, beside Django's own backend and django-redis.

    pip install django django-redis redis msgspec
    python bench/cache/django.py [--turns 15] [--calls 400]        # needs redis-server

All backends are in one process and take turns in short blocks; the value is a dictionary of 1 kB,
decoded at every call. A ratio is the median, over the turns, of our block to theirs of the same
turn, with the tenth and the ninetieth percentile; CPU of client and server. django-redis is left
out where it is not installed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# This file's folder is first in the path, and this file is no Django.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent]

from django.conf import settings  # noqa: E402 - found only now

VALUE = {
    "books": [
        {"id": at, "title": f"Title of {at}", "author": {"name": "A. Writer", "born": 1900 + at},
         "price": 9.9, "topics": ["a", "b"]}
        for at in range(10)
    ]
}  # fmt: skip
OURS, LOCAL, BUILTIN, OTHER = "ours", "ours, local", "Django's RedisCache", "django-redis"
Block = Callable[[int], None]


def configure(socket: Path) -> list[str]:
    """Settings with one alias for each backend; returns the aliases."""
    url = f"unix://{socket}"
    ours = {"BACKEND": "surefoot.web.django.Cache", "LOCATION": f"{url}?timeout=20s"}
    found: dict[str, dict[str, Any]] = {
        OURS: ours,
        LOCAL: ours | {"OPTIONS": {"local": "16MB", "name": "local"}},
        BUILTIN: {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "builtin",
        },
    }
    if importlib.util.find_spec("django_redis"):
        found[OTHER] = {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "other",
        }
    settings.configure(CACHES=found | {"default": ours})
    return list(found)


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[tuple[Path, int]]:
    """A server's socket and its process."""
    socket = folder / "redis"
    command = ["redis-server", "--unixsocket", str(socket), "--port", "0", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not socket.exists():
            time.sleep(0.02)
        try:
            yield socket, process.pid
        finally:
            process.kill()


def cpu(server: int) -> int:
    """Nanoseconds of CPU of this process and of the server."""
    served = int(Path(f"/proc/{server}/schedstat").read_text().split()[0])
    return time.process_time_ns() + served


def threads(call: Callable[[], object]) -> Block:
    """Calls one after the other."""

    def run(calls: int) -> None:
        for _ in range(calls):
            call()

    return run


def tasks(loop: asyncio.AbstractEventLoop, call: Callable[[], Any]) -> Block:
    """The same in an event loop."""

    async def work(calls: int) -> None:
        for _ in range(calls):
            await call()

    return lambda calls: loop.run_until_complete(work(calls))


def verbs(backend: Any, loop: asyncio.AbstractEventLoop) -> dict[str, Block]:
    """What is measured of one backend, by the name of the call."""
    many = [f"m{at}" for at in range(10)]
    backend.set_many(dict.fromkeys(many, VALUE))
    backend.set("k", VALUE)
    assert backend.get("k") == VALUE
    assert len(backend.get_many(many)) == 10
    return {
        "get": threads(lambda: backend.get("k")),
        "get, nothing there": threads(lambda: backend.get("nothing")),
        "get_or_set, there": threads(lambda: backend.get_or_set("k", dict)),
        "get_many of 10": threads(lambda: backend.get_many(many)),
        "set": threads(lambda: backend.set("s", VALUE)),
        "aget": tasks(loop, lambda: backend.aget("k")),
    }


def measured(blocks: dict[str, Block], server: int, turns: int, calls: int) -> dict[str, list[int]]:
    """Nanoseconds of each block, by contestant."""
    spent: dict[str, list[int]] = {name: [] for name in blocks}
    order = list(blocks)
    for block in blocks.values():
        block(50)
    for _ in range(turns):
        random.shuffle(order)
        for name in order:
            before = cpu(server)
            blocks[name](calls)
            spent[name].append(cpu(server) - before)
    return spent


def row(verb: str, spent: dict[str, list[int]], calls: int) -> Iterator[str]:
    """Lines of one call."""
    for name, blocks in spent.items():
        micros = statistics.median(blocks) / calls / 1000
        line = f"{verb:<20} {name:<20} {micros:>8.1f}"
        if name not in {OURS, LOCAL}:
            for ours in (OURS, LOCAL):
                pairs = [a / b for a, b in zip(spent[ours], blocks, strict=True)]
                tenths = statistics.quantiles(pairs, n=10)
                middle = statistics.median(pairs)
                line += f"   {middle:.2f} [{tenths[0]:.2f}, {tenths[-1]:.2f}]"
        yield line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--calls", type=int, default=400)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, redis(Path(name)) as (socket, server):
        aliases = configure(socket)
        from django.core.cache import caches  # noqa: PLC0415 - after its settings

        with asyncio.Runner() as runner:
            by_backend = {alias: verbs(caches[alias], runner.get_loop()) for alias in aliases}
            print(f"{'call':<20} {'backend':<20} {'us':>8}   ours / it          local / it")
            for verb in by_backend[OURS]:
                blocks = {alias: made[verb] for alias, made in by_backend.items()}
                spent = measured(blocks, server, args.turns, args.calls)
                print("\n".join(row(verb, spent, args.calls)), flush=True)


if __name__ == "__main__":
    main()
