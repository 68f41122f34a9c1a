"""Many callers, threads, processes, loops: one computes, nothing is lost."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from servers import wait_until

PROCESSES, THREADS = 8, 13
WORKER = """
import json, os, sys, threading, time
from django.conf import settings

settings.configure(SECRET_KEY="x" * 50, CACHES={"default": {
    "BACKEND": "surefoot.web.django.Cache",
    "LOCATION": sys.argv[1],
    "OPTIONS": {"local": sys.argv[3]} if sys.argv[3] else {},
}})
from django.core.cache import cache

made, seen, lock, mine = [], set(), threading.Lock(), threading.local()


def compute():
    began = time.time()
    time.sleep(0.1)
    with lock:
        made.append([began, time.time(), mine.asked])
    return f"{os.getpid()} {began}"


def ask():
    while time.time() < ends:
        mine.asked = time.time()
        value = cache.get_or_set("k", compute, 0.5)
        with lock:
            seen.add(value)
        time.sleep(0.05)


cache.get("k")
print("ready", flush=True)
ends = float(sys.stdin.readline())
threads = [threading.Thread(target=ask) for _ in range(int(sys.argv[2]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"made": made, "seen": sorted(seen)}), flush=True)
"""


@pytest.mark.parametrize("local", ["", "1MB"])
@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_one_of_a_hundred_threads_in_eight_processes_computes(request, tmp_path, kind, local):
    url = f"sqlite:///{tmp_path}/cache.db"
    if kind == "redis":
        # Whoever does not get an answer in 40 ms computes alone.
        url = request.getfixturevalue("own_redis").url + "?timeout=10s&connect_timeout=10s"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, str(THREADS), local],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        for _ in range(PROCESSES)
    ]
    try:
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
        ends = time.time() + 3
        for worker in workers:
            worker.stdin.write(f"{ends}\n")
            worker.stdin.flush()
        told = [json.loads(worker.communicate(timeout=60)[0]) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    made = sorted(each for one in told for each in one["made"])
    assert len(made) >= 3
    # No two at a time, and the next only when the time of the one before is over.
    assert [a for a, b in itertools.pairwise(made) if b[0] < a[1]] == []
    assert [b[0] - a[2] for a, b in itertools.pairwise(made) if b[0] - a[2] < 0.445] == []
    computed = {value for one in told for value in one["seen"]}
    assert len(computed) == len(made)


def test_threads_that_add_lose_nothing(backend):
    cache = backend()
    cache.set("n", 0)
    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(lambda _: cache.incr("n"), range(100)))
    assert found == list(range(1, 101))


def test_one_of_those_who_add_a_key_adds_it(backend):
    cache = backend()
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            added = pool.map(lambda by, key=f"k{number}": cache.add(key, by), range(8))
            assert sum(added) == 1


def test_a_hundred_tasks_compute_once(backend):
    cache, calls = backend(), []

    async def slow():
        calls.append(1)
        await asyncio.sleep(0.05)
        return 7

    async def main():
        return await asyncio.gather(*(cache.aget_or_set("k", slow) for _ in range(100)))

    assert asyncio.run(main()) == [7] * 100
    assert len(calls) == 1


def test_threads_and_loops_see_the_same(backend):
    cache = backend({"local": "1MB"})
    cache.set("k", 1)
    assert cache.get("k") == 1

    async def main():
        assert await cache.aget("k") == 1
        await cache.aset("k", 2)

    asyncio.run(main())
    assert cache.get("k") == 2
    cache.delete("k")
    assert asyncio.run(cache.aget("k")) is None


def test_a_loop_that_ends_leaves_no_connection(own_redis, closed):
    from surefoot.web.django import Cache

    cache = Cache(own_redis.url, {})
    for _ in range(5):
        asyncio.run(cache.aset("k", 1))
    # The one that asks is left.
    wait_until(lambda: own_redis.said("CLIENT LIST").count(" laddr=") == 1)


def test_a_frozen_memcached_does_not_hold_up_the_loop(own_memcached, closed):
    from surefoot.web.django import Cache

    cache = Cache(own_memcached.url, {})

    async def main():
        await cache.aset("k", 1)
        own_memcached.freeze()
        asking = asyncio.ensure_future(cache.aget("k", 7))
        turns = 0
        while not asking.done():
            await asyncio.sleep(0.001)
            turns += 1
        return await asking, turns

    found, turns = asyncio.run(main())
    own_memcached.thaw()
    assert found == 7
    assert turns > 3


def test_copies_in_the_process_hear_of_changes(own_redis, closed):
    from surefoot.web.django import Cache

    mine = Cache(own_redis.url, {"OPTIONS": {"local": "1MB"}})
    other = Cache(own_redis.url, {"OPTIONS": {"local": "2MB"}})
    mine.set("k", {"n": 1})
    wait_until(lambda: mine.get("k") and _is_local(mine, own_redis))
    other.set("k", {"n": 2})
    wait_until(lambda: mine.get("k") == {"n": 2})
    other.clear()
    wait_until(lambda: mine.get("k") is None)


def _is_local(cache, server):
    before = server.counts().get("get", 0)
    cache.get("k")
    return server.counts().get("get", 0) == before


def test_backends_of_one_process_share_what_costs(backend):
    made = []

    def make():
        made.append(backend()._shared)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, made))) == 1


def test_what_threads_and_loops_share_is_told_of_once(backend, name):
    from surefoot.cache.registry import totals

    cache = backend({"local": "1MB"})
    cache.set("k", 1)
    assert cache.get("k") == asyncio.run(cache.aget("k")) == 1
    told = [total for total in totals() if total.name == name]
    assert len({total.tier for total in told}) == len(told)
    assert {total.entries for total in told} <= {0, 1, None}
    assert sum(total.hits for total in told) == 2
