"""How often is a value computed when it ends under a hundred callers, and who waits for it?

    python bench/cache/stampede.py                  # 2 and 8 processes, three stores: 8 minutes
    python bench/cache/stampede.py redis --processes 8 --runs 1 --expiries 5

A hundred callers in all, threads of so many processes, ask for one key every 40 ms. Computing takes
200 ms; the value is fresh for a second and may be stale after that. Once cold, then as many
expiries as told; all of it in several runs, each with an empty store. Beside each call the same
thread asks a bare echo of this host: what the machine itself makes wait.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "support"))

from servers import MemcachedServer, RedisServer  # noqa: E402 - found only now

CALLERS = 100
WORKER = """
import json, random, socket, sys, threading, time
from surefoot.cache import Cache

url, local, callers, seconds, port = sys.argv[1], sys.argv[2] or None, *map(float, sys.argv[3:6])
cache = Cache.from_url(url, name="stampede", local=local)
made, took, echoed, lock = [], [], [], threading.Lock()


def compute():
    began = time.time()
    time.sleep(0.2)
    with lock:
        made.append(began)
    return "value" * 200


def ask(ends):
    echo = socket.create_connection(("127.0.0.1", int(port)))
    echo.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    mine, bare = [], []
    time.sleep(random.random() * 0.04)
    while time.time() < ends:
        began = time.perf_counter()
        cache.get_or_compute("k", compute, ttl=1.0, stale=60)
        between = time.perf_counter()
        echo.sendall(b"x" * 30)
        echo.recv(100)
        mine.append(between - began)
        bare.append(time.perf_counter() - between)
        time.sleep(0.04)
    echo.close()
    with lock:
        took.extend(mine)
        echoed.extend(bare)


print("ready", flush=True)
ends = float(sys.stdin.readline()) + seconds
threads = [threading.Thread(target=ask, args=(ends,)) for _ in range(int(callers))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"made": made, "took": took, "echoed": echoed}), flush=True)
cache.close()
"""
ECHO = """
import asyncio

async def serve(reader, writer):
    while data := await reader.read(100):
        writer.write(data)
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@contextlib.contextmanager
def running(code: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def store(kind: str) -> Iterator[str]:
    """The URL of an empty store."""
    with contextlib.ExitStack() as stack:
        if kind == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield f"sqlite:///{folder}/cache.db"
        else:
            server = RedisServer() if kind == "redis" else MemcachedServer()
            yield stack.enter_context(server).url


def quantile(values: list[float], q: float) -> float:
    """In milliseconds."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))]


@dataclass(frozen=True)
class Run:
    """What came of one run; milliseconds."""

    cold: int
    """Computations of the cold start."""
    expiries: list[int]
    """Computations of each expiry."""
    warm_p50: float
    warm_p99: float
    echo_p50: float
    echo_p99: float


def run(kind: str, processes: int, expiries: int, local: str) -> Run:
    """One run with an empty store."""
    seconds = 0.5 + 1.3 * expiries
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(store(kind))
        echo = stack.enter_context(running(ECHO))
        assert echo.stdout is not None
        port = echo.stdout.readline().strip()
        shares = [len(range(at, CALLERS, processes)) for at in range(processes)]
        workers = [
            stack.enter_context(running(WORKER, url, local, str(share), str(seconds), port))
            for share in shares
        ]
        told = _asked(workers)
    made = sorted(began for each in told for began in each["made"])
    # What begins within half a freshness of another is of the same expiry.
    groups: list[list[float]] = []
    for began in made:
        if groups and began - groups[-1][0] < 0.6:
            groups[-1].append(began)
        else:
            groups.append([began])
    sizes = [len(group) for group in groups]
    # Callers of the cold start have nothing to be served, and wait for it as they should.
    took = [each for one in told for each in one["took"]]
    warm = sorted(took)[: len(took) - CALLERS]
    bare = [each for one in told for each in one["echoed"]]
    return Run(
        sizes[0], sizes[1:], quantile(warm, 0.5), quantile(warm, 0.99), quantile(bare, 0.5),
        quantile(bare, 0.99),
    )  # fmt: skip


def row(kind: str, processes: int, runs: list[Run], local: str) -> str:
    """What came of all runs: medians, and the lowest and the highest p99."""
    expiries = [count for run in runs for count in run.expiries]
    p99 = sorted(run.warm_p99 for run in runs)
    return (
        f"{kind:<10} {processes} processes{', copies' if local else '':<8} "
        f"cold {[run.cold for run in runs]}, {len(expiries)} expiries: "
        f"most {max(expiries, default=0)}, all {sum(expiries)}; "
        f"warm p50 {_median(runs, 'warm_p50'):.2f} p99 {_median(runs, 'warm_p99'):.2f} "
        f"({p99[0]:.2f} to {p99[-1]:.2f}) ms, "
        f"echo p50 {_median(runs, 'echo_p50'):.2f} p99 {_median(runs, 'echo_p99'):.2f} ms"
    )


def _median(runs: list[Run], name: str) -> float:
    return statistics.median(getattr(run, name) for run in runs)


def _asked(workers: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(f"{time.time()}\n")
        worker.stdin.flush()
    return [json.loads(worker.communicate()[0]) for worker in workers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stores", nargs="*", default=["redis", "memcached", "sqlite"])
    parser.add_argument("--processes", type=int, nargs="*", default=[2, 8])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--expiries", type=int, default=10, help="of each run")
    parser.add_argument("--no-copies", action="store_true", help="none in the processes, of Redis")
    args = parser.parse_args()
    for kind in args.stores:
        local = "1MB" if kind == "redis" and not args.no_copies else ""
        for processes in args.processes:
            runs = [run(kind, processes, args.expiries, local) for _ in range(args.runs)]
            print(row(kind, processes, runs, local), flush=True)


if __name__ == "__main__":
    main()
