"""What a caller meets when Redis is killed, frozen or slow: the first call, the next, the way back.

    python bench/cache/faults.py            # needs redis-server

A bare store has only its timeout; the breaker is what makes the second call cheap.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from surefoot.core.breaker import Position
from surefoot.errors import StoreError
from surefoot.stores.guarded import Guarded
from surefoot.stores.redis import RedisStore

ROUNDS = 5
CALLS = 2000


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


def failing(store: Guarded) -> float:
    """Seconds of one call that fails."""
    began = time.perf_counter()
    try:
        store.get(["k"])
    except StoreError:
        return time.perf_counter() - began
    return 0.0


def fault(
    store: Guarded, break_it: Callable[[], None], mend_it: Callable[[], None]
) -> tuple[float, float, float]:
    """The first call (ms), the next ones (us) and the way back (ms)."""
    while store.state is not Position.CLOSED:
        time.sleep(0.01)
    store.get(["k"])
    break_it()
    first = failing(store)
    used = time.thread_time()
    for _ in range(CALLS):
        failing(store)
    used = time.thread_time() - used
    # Trials have reached their longest pause.
    time.sleep(1.0)
    mend_it()
    began = time.perf_counter()
    while store.state is not Position.CLOSED:
        time.sleep(0.002)
    return first * 1e3, used / CALLS * 1e6, (time.perf_counter() - began) * 1e3


def main() -> int:
    """Returns the exit code."""
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
            print(f"{'Redis is':<16} {'first call':>12} {'then':>12} {'back after':>12}")
            for name, (url, break_it, mend_it) in faults.items():
                store = Guarded(RedisStore(url))
                found = [fault(store, break_it, mend_it) for _ in range(ROUNDS)]
                first, then, back = (
                    statistics.median(column) for column in zip(*found, strict=True)
                )
                worst = max(row[0] for row in found), max(row[2] for row in found)
                print(f"{name:<16} {first:>9.1f} ms {then:>9.2f} us {back:>9.0f} ms", end="")
                print(f"   (worst {worst[0]:.1f} ms, {worst[1]:.0f} ms)")
                store.close()
        server.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
