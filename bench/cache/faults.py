"""What a caller meets when Redis is killed, frozen or slow: the first call, the next, the way back.

    python bench/cache/faults.py [--rounds 5] [--calls 2000]        # needs redis-server

``get`` and ``get_or_compute`` of a cache, for threads and for event loops. No call may fail. A call
of a cache whose store is known to be away is timed by CPU; what it computes costs nothing here. Who
is back is seen by a value that came from the store again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from surefoot.cache import AsyncCache, Cache


class Redis:
    """A server on a port, and a way to it that may be slow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.delay = 0.0
        self._ways: list[socket.socket] = []
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        """Start, and wait until it listens."""
        command = ["redis-server", "--port", str(self.port), "--save", "", "--dir", self._folder]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.01)

    def kill(self) -> None:
        """End at once."""
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def proxy(self) -> Iterator[int]:
        """A port whose answers are as late as ``delay`` says."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            threading.Thread(target=self._accept, args=(listening,), daemon=True).start()
            yield listening.getsockname()[1]

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self.port))
                for ends in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, late: bool) -> None:  # noqa: FBT001
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                time.sleep(self.delay if late else 0)
                target.sendall(data)


class Met(NamedTuple):
    """What a caller met."""

    first: float
    """Milliseconds of the first call."""
    get: float
    """Microseconds of CPU of the next calls of ``get``."""
    compute: float
    """The same of ``get_or_compute``."""
    back: float
    """Milliseconds from the server's return until a value came from it."""


class Threads:
    """Calls of a cache for threads."""

    def __init__(self, url: str) -> None:
        self._cache = Cache.from_url(url, name="faults")

    def one(self) -> bool:
        """Whether a value came from the store."""
        before = self._cache.counts.hits
        self._cache.get_or_compute("k", lambda: 1, ttl=600)
        return self._cache.counts.hits > before

    def gets(self, calls: int) -> None:
        """So many calls."""
        for _ in range(calls):
            self._cache.get("k")

    def computes(self, calls: int) -> None:
        """So many calls."""
        for _ in range(calls):
            self._cache.get_or_compute("k", lambda: 1, ttl=600)

    def wait(self, seconds: float) -> None:
        """Do nothing for so long."""
        time.sleep(seconds)

    def close(self) -> None:
        """Give connections back."""
        self._cache.close()


class Tasks(Threads):
    """The same in an event loop."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._cache: Any = AsyncCache.from_url(url, name="faults")

    def one(self) -> bool:
        before = self._cache.counts.hits
        self._runner.run(self._cache.get_or_compute("k", one, ttl=600))
        return bool(self._cache.counts.hits > before)

    def gets(self, calls: int) -> None:
        async def work() -> None:
            for _ in range(calls):
                await self._cache.get("k")

        self._runner.run(work())

    def computes(self, calls: int) -> None:
        async def work() -> None:
            for _ in range(calls):
                await self._cache.get_or_compute("k", one, ttl=600)

        self._runner.run(work())

    def wait(self, seconds: float) -> None:
        self._runner.run(asyncio.sleep(seconds))

    def close(self) -> None:
        self._runner.run(self._cache.close())
        self._runner.close()


async def one() -> int:
    """What is computed."""
    return 1


def until_back(caller: Threads) -> float:
    """Milliseconds until a value comes from the store."""
    began = time.perf_counter()
    while not caller.one():
        caller.wait(0.002)
    return (time.perf_counter() - began) * 1e3


def spent(block: Callable[[int], None], calls: int) -> float:
    """Microseconds of CPU of one call."""
    used = time.process_time()
    block(calls)
    return (time.process_time() - used) / calls * 1e6


def fault(
    caller: Threads, break_it: Callable[[], None], mend_it: Callable[[], None], calls: int
) -> Met:
    """One time."""
    until_back(caller)
    break_it()
    began = time.perf_counter()
    assert not caller.one()
    first = (time.perf_counter() - began) * 1e3
    get, compute = spent(caller.gets, calls), spent(caller.computes, calls)
    # Trials have reached their longest pause.
    caller.wait(1.0)
    mend_it()
    return Met(first, get, compute, until_back(caller))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2000)
    args = parser.parse_args()
    print(f"{'Redis is':<30} {'first call':>18} {'get':>9} {'compute':>9} {'back after':>18}")
    with tempfile.TemporaryDirectory() as folder:
        server = Redis(Path(folder))
        with server.proxy() as port:
            direct = f"redis://127.0.0.1:{server.port}"
            faults = {
                "killed": (direct, server.kill, server.start),
                "frozen": (
                    direct,
                    lambda: server.process.send_signal(signal.SIGSTOP),
                    lambda: server.process.send_signal(signal.SIGCONT),
                ),
                "slow by 200 ms": (
                    f"redis://127.0.0.1:{port}",
                    lambda: setattr(server, "delay", 0.2),
                    lambda: setattr(server, "delay", 0.0),
                ),
            }
            for name, (url, break_it, mend_it) in faults.items():
                for kind in (Threads, Tasks):
                    caller = kind(url)
                    met = [fault(caller, break_it, mend_it, args.calls) for _ in range(args.rounds)]
                    row(f"{name}, {kind.__name__.lower()}", met)
                    caller.close()
        server.kill()


def row(name: str, met: list[Met]) -> None:
    """Medians; of the first call and of the way back the worst too."""
    first, get, compute, back = (statistics.median(column) for column in zip(*met, strict=True))
    worst = max(each.first for each in met), max(each.back for each in met)
    print(
        f"{name:<30} {first:>6.1f} (at most {worst[0]:.0f}) ms {get:>6.1f} us {compute:>6.1f} us "
        f"{back:>5.0f} (at most {worst[1]:.0f}) ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
