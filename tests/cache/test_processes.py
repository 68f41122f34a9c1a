"""Several processes over one store: one computes, and nobody waits for the dead."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time

import pytest

WORKER = """
import json, os, sys, threading, time
from surefoot.cache import Cache

url, local, seconds = sys.argv[1], sys.argv[2] or None, float(sys.argv[3])
cache = Cache.from_url(url, name="t", local=local)
made, seen, lock, mine = [], set(), threading.Lock(), threading.local()


def compute():
    began = time.time()
    time.sleep(seconds)
    with lock:
        made.append([began, time.time(), mine.asked])
    return f"{os.getpid()} {len(made)} {began}"


def ask():
    while time.time() < ends:
        mine.asked = time.time()
        value = cache.get_or_compute("k", compute, ttl=0.4, stale=30)
        with lock:
            seen.add(value)
        time.sleep(0.01)


print("ready", flush=True)
ends = float(sys.stdin.readline())
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"made": made, "seen": sorted(seen)}), flush=True)
cache.close()
"""
HOLDER = """
import sys, time
from surefoot.cache import Cache

cache = Cache.from_url(sys.argv[1], name="t")


def compute():
    print("computing", flush=True)
    time.sleep(600)


cache.get_or_compute("k", lambda: 1, ttl=60)
cache.get_or_compute("dead", compute, ttl=60)
"""


def patient(url):
    """The same store with time: who gets no answer in 40 ms computes alone, as it should."""
    more = "&connect_timeout=10s" if url.startswith("redis") else ""
    return f"{url}?timeout=10s{more}"


def start(code, *words):
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


@pytest.fixture(params=["sqlite", "redis", "memcached"])
def shared(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cache.db"
    return request.getfixturevalue(request.param).url


@pytest.fixture
def clean(shared):
    from surefoot.cache import Cache

    cache = Cache.from_url(shared, name="t")
    cache.delete("k", "dead")
    yield shared
    cache.close()


@pytest.mark.parametrize("local", ["", "1MB"])
def test_one_of_all_computes(clean, local):
    workers = [start(WORKER, patient(clean), local, "0.1") for _ in range(3)]
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
    # No two at a time: a second one that computes begins where the first has ended.
    assert [a for a, b in itertools.pairwise(made) if b[0] < a[1]] == []
    # Nor one for nothing: the next begins when the value before it has been fresh for its time,
    # which counts from when it was asked for; a tenth of it is given up to spread the ends.
    assert [b[0] - a[2] for a, b in itertools.pairwise(made) if b[0] - a[2] < 0.355] == []
    assert all(one["seen"] for one in told)


def test_who_dies_computing_is_waited_for_no_longer_than_its_claim(clean):
    from surefoot.cache import Cache

    holder = start(HOLDER, patient(clean))
    try:
        assert holder.stdout.readline() == "computing\n"
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    cache = Cache.from_url(patient(clean), name="t")
    calls = []

    def compute():
        calls.append(1)
        return "v"

    assert cache.get_or_compute("dead", compute, ttl=60) == "v"
    assert cache.get("dead") == "v"
    assert calls == [1]
    cache.close()
