"""How soon does another process hear of a change, and does it hear of every one?

    python bench/cache/coherence.py            # needs redis-server; 10,000 changes, half a minute

One process writes values through its cache; the copies of another are dropped by its watch. Beside
each write the first publishes a message that the other hears with redis-py's own publish and
subscribe. Both are timed from just before the command was sent, by the host's clock.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "support"))

from servers import RedisServer  # noqa: E402 - found only now

LISTENER = """
import json, sys, threading, time
import redis
from surefoot.cache import Cache

url, count = sys.argv[1], int(sys.argv[2])
cache = Cache.from_url(url, name="coherence", local="16MB")
dropped, published = {}, {}
drop = cache.local.drop


def heard(names):
    now = time.monotonic()
    for name in names or ():
        dropped.setdefault(name.rpartition("=")[2], now)
    drop(names)


cache.local.drop = heard
plain = redis.Redis.from_url(url)
channel = plain.pubsub()
channel.subscribe("bare")


def listen():
    for message in channel.listen():
        if message["type"] == "message":
            published[message["data"].decode()] = time.monotonic()
            if len(published) == count:
                return


thread = threading.Thread(target=listen)
thread.start()
cache.local.ticket()
while cache.local.watch.valid_until <= time.monotonic():
    time.sleep(0.01)
print("ready", flush=True)
sys.stdin.readline()
thread.join(30)
time.sleep(1)
print(json.dumps([dropped, published]), flush=True)
channel.close()
cache.close()
"""
WRITER = """
import json, sys, time
import redis
from surefoot.cache import Cache

url, count = sys.argv[1], int(sys.argv[2])
cache = Cache.from_url(url, name="coherence")
plain = redis.Redis.from_url(url)
written, published = {}, {}
for number in range(count):
    key = str(number)
    for mine in (number % 2, 1 - number % 2):
        began = time.monotonic()
        if mine:
            cache.set(key, number, ttl=600)
            written[key] = began
        else:
            plain.publish("bare", key)
            published[key] = began
        time.sleep(0.0005)
print(json.dumps([written, published]))
cache.close()
"""


def quantile(values: list[float], q: float) -> float:
    """In milliseconds."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--changes", type=int, default=10_000)
    count = str(parser.parse_args().changes)
    with RedisServer() as server:
        listener = subprocess.Popen(
            [sys.executable, "-c", LISTENER, server.url, count],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert listener.stdout is not None
        assert listener.stdout.readline() == "ready\n"
        writer = subprocess.run(
            [sys.executable, "-c", WRITER, server.url, count],
            capture_output=True,
            text=True,
            check=True,
        )
        told, _ = listener.communicate("\n")
    for name, sent, heard in zip(
        ("copies", "publish"), json.loads(writer.stdout), json.loads(told), strict=True
    ):
        took = [heard[key] - sent[key] for key in sent if key in heard]
        print(
            f"{name:<8} p50 {quantile(took, 0.5):.3f} p99 {quantile(took, 0.99):.3f} "
            f"max {quantile(took, 1.0):.3f} ms, missed {len(sent) - len(took)} of {len(sent)}"
        )


if __name__ == "__main__":
    main()
