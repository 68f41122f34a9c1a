"""For how long is an old copy served when a process cannot hear of changes any more?

    python bench/cache/silence.py [--rounds 20]        # needs redis-server; two minutes

A thread asks a cache with copies for one key every millisecond. ``lost``: what the server says on
the channel is lost on its way, though the connection stands and values can be read; then somebody
changes the value. ``hung up``: the server ends the channel just before the value is changed.
``frozen``: the server stops, and nobody can change anything. Told is the time from the change, or
the stop, until the copy was served last.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from surefoot.cache import Cache

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from servers import RedisServer, SlowProxy, wait_until


class Deaf(SlowProxy):
    """Loses what comes over channels while told to."""

    lost = False

    def __init__(self, port: int) -> None:
        self._channels: set[Any] = set()
        super().__init__(port, 0)

    def _pass(self, source: Any, target: Any, late: bool) -> None:  # noqa: FBT001 - as there
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if b"SUBSCRIBE" in data:
                    self._channels.add(target)
                if not (late and self.lost and source in self._channels):
                    target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


class Reader(threading.Thread):
    """Asks for a key, and notes when it was last given the old value."""

    def __init__(self, cache: Cache) -> None:
        super().__init__(daemon=True)
        self._cache = cache
        self.value: Any = None
        self.seen: dict[Any, float] = {}
        self.ended = False

    def is_served_copies(self) -> bool:
        """Whether some of the next values are copies."""
        before = self._cache.counts.local
        time.sleep(0.02)
        return self._cache.counts.local > before

    def run(self) -> None:
        while not self.ended:
            self.value = self._cache.get("k")
            self.seen[self.value] = time.monotonic()
            time.sleep(0.001)


def stale(
    reader: Reader,
    writer: Cache,
    number: int,
    change: Callable[[], object],
    mend: Callable[[], object],
) -> float:
    """Milliseconds for which the old value was served after a change."""
    writer.set("k", number, ttl=600)
    wait_until(lambda: reader.value == number and reader.is_served_copies())
    # The beat is at any of its moments.
    time.sleep(number * 0.037 % 0.25)
    began = time.monotonic()
    change()
    time.sleep(1.5)
    served = reader.seen[number] - began
    mend()
    return max(0.0, served) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with RedisServer() as server, Deaf(server.port) as proxy:
        writer = Cache.from_url(f"{server.url}?timeout=20s", name="silence")
        cache = Cache.from_url(f"redis://127.0.0.1:{proxy.port}", name="silence", local="1MB")
        reader = Reader(cache)
        reader.start()

        def lose() -> None:
            proxy.lost = True
            writer.set("k", "new", ttl=600)

        def hang_up() -> None:
            server.said("CLIENT KILL TYPE pubsub")
            writer.set("k", "new", ttl=600)

        def hear() -> None:
            proxy.lost = False

        def freeze() -> None:
            server.process.send_signal(signal.SIGSTOP)

        faults = {
            "lost": (lose, hear),
            "hung up": (hang_up, hear),
            "frozen": (freeze, server.thaw),
        }
        for place, (name, (change, mend)) in enumerate(faults.items()):
            numbers = range(place * rounds, (place + 1) * rounds)
            found = [stale(reader, writer, number, change, mend) for number in numbers]
            told = statistics.median(found), max(found)
            print(f"{name:<10} median {told[0]:>5.0f} ms, at most {told[1]:>5.0f} ms", flush=True)
        reader.ended = True
        reader.join()
        cache.close()
        writer.close()


if __name__ == "__main__":
    main()
