"""What one read of 1 kB costs, in CPU of client and server, beside the plain clients.

    python bench/cache/stores.py            # needs redis-server and memcached

Contestants take turns in short blocks; a row is the median of its blocks, and its ratio is the
median of the ratios to the plain client's block of the same turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pymemcache
import redis
import redis.asyncio

from surefoot.stores.guarded import AsyncGuarded, Guarded
from surefoot.stores.memcached import MemcachedStore
from surefoot.stores.memory import MemoryStore
from surefoot.stores.redis import AsyncRedisStore, RedisStore
from surefoot.stores.sqlite import SQLiteStore

TURNS = 9
VALUE = b"\xf7" * 1024
# A busy machine may be late; what is measured is CPU.
PATIENT = "timeout=20s"


@dataclass
class Row:
    """One contestant: runs ``calls`` reads, and whose server works for it."""

    name: str
    run: Callable[[int], object]
    server: int | None = None
    beside: str = ""
    calls: int = 1500
    spent: list[float] = field(default_factory=list)

    def block(self) -> None:
        """Add what one read of a block takes, in microseconds."""
        before = cpu(self.server)
        self.run(self.calls)
        self.spent.append((cpu(self.server) - before) / self.calls / 1000)


def cpu(server: int | None) -> int:
    """Nanoseconds of CPU, of this process and of a server."""
    served = int(Path(f"/proc/{server}/schedstat").read_text().split()[0]) if server else 0
    return time.process_time_ns() + served


@contextlib.contextmanager
def started(*command: str, socket: Path) -> Iterator[int]:
    """A server with a Unix socket."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not socket.exists():
            time.sleep(0.02)
        yield process.pid
        process.kill()


def reading(get: Callable[[], object]) -> Callable[[int], None]:
    """Reads in a loop."""

    def run(calls: int) -> None:
        for _ in range(calls):
            get()

    return run


def reading_in(
    loop: asyncio.AbstractEventLoop, get: Callable[[], Awaitable[object]]
) -> Callable[[int], None]:
    """Reads in an event loop, one after the other."""

    async def work(calls: int) -> None:
        for _ in range(calls):
            await get()

    return lambda calls: loop.run_until_complete(work(calls))


def rows(folder: Path, redis_pid: int, memcached_pid: int) -> list[Row]:
    """All contestants, each with its slot written."""
    url = f"unix://{folder}/redis?{PATIENT}"
    loop = asyncio.new_event_loop()
    plain = redis.Redis(unix_socket_path=f"{folder}/redis")
    plain_async = redis.asyncio.Redis(unix_socket_path=f"{folder}/redis")
    plain.set("k", VALUE)
    memcached = pymemcache.Client(f"{folder}/memcached", timeout=20)
    stores = {
        "redis": RedisStore(url),
        "memcached": MemcachedStore(f"memcached://{folder}/memcached?{PATIENT}"),
        "sqlite": SQLiteStore(folder / "cache.db", timeout=20),
        "memory": MemoryStore(),
    }
    for name, store in stores.items():
        store.put({name: VALUE}, 3600)
    memcached.set("k", VALUE)
    guarded = Guarded(RedisStore(url))
    store = AsyncRedisStore(url)
    guarded_async = AsyncGuarded(AsyncRedisStore(url))
    sync, other = "redis-py GET", "redis.asyncio GET"
    return [
        Row(sync, reading(lambda: plain.get("k")), redis_pid),
        Row("RedisStore", reading(lambda: stores["redis"].get(["k"])), redis_pid, sync),
        Row("RedisStore, guarded", reading(lambda: guarded.get(["k"])), redis_pid, sync),
        Row(other, reading_in(loop, lambda: plain_async.get("k")), redis_pid),
        Row("AsyncRedisStore", reading_in(loop, lambda: store.get(["k"])), redis_pid, other),
        Row(
            "AsyncRedisStore, guarded",
            reading_in(loop, lambda: guarded_async.get(["k"])),
            redis_pid,
            other,
        ),
        Row("pymemcache get", reading(lambda: memcached.get("k")), memcached_pid),
        Row(
            "MemcachedStore",
            reading(lambda: stores["memcached"].get(["memcached"])),
            memcached_pid,
            "pymemcache get",
        ),
        Row("SQLiteStore", reading(lambda: stores["sqlite"].get(["sqlite"]))),
        Row("SQLiteStore, write", reading(lambda: stores["sqlite"].put({"w": VALUE}, 3600))),
        Row("MemoryStore", reading(lambda: stores["memory"].get(["memory"]))),
    ]


def main() -> int:
    """Returns the exit code."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        first, second = folder / "redis", folder / "memcached"
        command = ["redis-server", "--unixsocket", str(first), "--port", "0", "--save", ""]
        redis_pid = stack.enter_context(started(*command, socket=first))
        command = ["memcached", "-s", str(second), "-u", "root", "-t", "1"]
        memcached_pid = stack.enter_context(started(*command, socket=second))
        table = rows(folder, redis_pid, memcached_pid)
        for row in table:
            row.run(100)
        for _ in range(TURNS):
            for row in table:
                row.block()
    by_name = {row.name: row for row in table}
    print(f"{'read of 1 kB, Unix socket':<28} {'us of CPU':>9}  ratio")
    for row in table:
        beside = by_name.get(row.beside)
        pairs = zip(row.spent, beside.spent, strict=True) if beside else ()
        ratio = f"{statistics.median(a / b for a, b in pairs):.2f}" if beside else ""
        print(f"{row.name:<28} {statistics.median(row.spent):>9.1f}  {ratio}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
