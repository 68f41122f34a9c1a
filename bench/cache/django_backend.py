"""What one call of Django's cache costs on Redis, beside Django's own backend and django-redis.

    pip install django django-redis redis hiredis msgspec
    python bench/cache/django_backend.py [--turns 15] [--calls 400]        # needs redis-server

All backends are in one process and take turns in short blocks; the value is a dictionary of 1 kB,
decoded at every call. A ratio is the median, over the turns, of our block to theirs of the same
turn, with the tenth and the ninetieth percentile; CPU of client and server, on one core.
django-redis is left out where it is not installed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from support.blocks import Block, rows, spent, tasks, threads
from support.contest import PAGE, installed, on_one_core

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from servers import RedisServer

OURS, LOCAL, BUILTIN, OTHER = "ours", "ours, local", "Django's RedisCache", "django-redis"


def configure(url: str) -> list[str]:
    """Settings with one alias for each backend; returns the aliases."""
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
    if installed("django_redis"):
        found[OTHER] = {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "other",
        }
    settings.configure(CACHES=found | {"default": ours})
    return list(found)


def verbs(backend: Any, loop: asyncio.AbstractEventLoop) -> dict[str, Block]:
    """What is measured of one backend, by the name of the call."""
    many = [f"m{at}" for at in range(10)]
    backend.set_many(dict.fromkeys(many, PAGE))
    backend.set("k", PAGE)
    assert backend.get("k") == PAGE
    assert len(backend.get_many(many)) == 10
    return {
        "get": threads(lambda: backend.get("k")),
        "get, nothing there": threads(lambda: backend.get("nothing")),
        "get_or_set, there": threads(lambda: backend.get_or_set("k", dict)),
        "get_many of 10": threads(lambda: backend.get_many(many)),
        "set": threads(lambda: backend.set("s", PAGE)),
        "aget": tasks(loop, lambda: backend.aget("k")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--calls", type=int, default=400)
    args = parser.parse_args()
    on_one_core()
    with RedisServer(unix=True) as server, asyncio.Runner() as runner:
        aliases = configure(server.url)
        from django.core.cache import caches

        by_backend = {alias: verbs(caches[alias], runner.get_loop()) for alias in aliases}
        for verb in by_backend[OURS]:
            blocks = {alias: made[verb] for alias, made in by_backend.items()}
            found = spent(blocks, turns=args.turns, calls=args.calls, server=server.process.pid)
            print(f"\n{verb:<24} {'us':>8}   {f'{OURS} / it':<23}{LOCAL} / it")
            print("\n".join(rows(found, [OURS, LOCAL], 24)), flush=True)


if __name__ == "__main__":
    main()
