"""Clients that never try again: what fails is seen, by kind, and how long anybody waited.

As a program it asks until its standard input ends, and prints what happened as JSON:

    python clients.py 127.0.0.1:8000 --clients 16 --rate 1000
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Self

SECONDS: Final = 10.0
"""Patience with one answer."""


@dataclass
class Seen:
    """What clients saw."""

    requests: int = 0
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    """``"GET fresh"`` and so on, and how often each: ``"ok"``, ``"stale"`` (a kept connection was
    closed before the first byte), ``"reset"`` (a fresh one), ``"refused"``, ``"middle"``,
    ``"timeout"``, ``"503"``."""
    longest: float = 0.0
    """Seconds that the slowest answer took."""
    longest_at: float = 0.0
    """When it was asked for, seconds since the start."""
    failed_at: list[float] = field(default_factory=list)
    """When those that failed ended, at most a hundred."""
    seconds: float = 0.0

    @property
    def failed(self) -> int:
        """How many did."""
        return sum(n for kinds in self.kinds.values() for kind, n in kinds.items() if kind != "ok")

    def of(self, method: str) -> Counter[str]:
        """Failures of one method by kind."""
        found: Counter[str] = Counter()
        for how, kinds in self.kinds.items():
            if how.startswith(method):
                found += kinds
        del found["ok"]
        return found


class Broken(Exception):  # noqa: N818 - an answer like others
    """A request that failed, and how."""


class Client:
    """Asks again and again, each time a little later than it could."""

    def __init__(self, address: str, method: str, pause: float, seen: Seen, *, kept: bool) -> None:
        self.host, _, port = address.rpartition(":")
        self.port = int(port)
        self.method, self.pause, self.seen, self.kept = method, pause, seen, kept
        self.counts = seen.kinds.setdefault(f"{method} {'kept' if kept else 'fresh'}", Counter())
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self, stop: asyncio.Event, began: float, numbers: itertools.count[int]) -> None:
        due = time.monotonic()
        while not stop.is_set():
            at = time.monotonic()
            try:
                async with asyncio.timeout(SECONDS):
                    kind = await self._ask(next(numbers))
            except TimeoutError:
                kind = "timeout"
            except Broken as broken:
                kind = str(broken)
            took = time.monotonic() - at
            if kind != "ok" or not self.kept:
                self._close()
            self._note(kind, took, at - began)
            due += self.pause
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due, time.monotonic() - self.pause)
        self._close()

    def _note(self, kind: str, took: float, at: float) -> None:
        self.seen.requests += 1
        self.counts[kind] += 1
        if took > self.seen.longest:
            self.seen.longest, self.seen.longest_at = took, at
        if kind != "ok" and len(self.seen.failed_at) < 100:
            self.seen.failed_at.append(round(at + took, 3))

    async def _ask(self, number: int) -> str:
        used = self.streams is not None
        if self.streams is None:
            try:
                self.streams = await asyncio.open_connection(self.host, self.port)
            except OSError as error:
                raise Broken("refused") from error
        reader, writer = self.streams
        body = b"x=1" if self.method == "POST" else b""
        head = f"{self.method} /?id={number} HTTP/1.1\r\nHost: test\r\n"
        head += f"Content-Length: {len(body)}\r\n" if body else ""
        head += "" if self.kept else "Connection: close\r\n"
        early = "stale" if used else "reset"
        try:
            writer.write(head.encode() + b"\r\n" + body)
            first = await reader.readline()
        except OSError as error:
            raise Broken(early) from error
        if not first:
            raise Broken(early)
        try:
            closing = await _rest(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Broken("middle") from error
        status = first.split()[1].decode()
        if closing:
            self._close()
        return "ok" if status.startswith("2") else status

    def _close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def _rest(reader: asyncio.StreamReader) -> bool:
    """Read the rest of an answer; whether the server closes the connection after it."""
    length, closing, chunked = None, False, False
    while (line := await reader.readline()) not in {b"\r\n", b"\n"}:
        if not line:
            raise asyncio.IncompleteReadError(b"", None)
        name, _, value = line.decode("latin-1").partition(":")
        name, value = name.strip().lower(), value.strip().lower()
        if name == "content-length":
            length = int(value)
        closing = closing or (name == "connection" and value == "close")
        chunked = chunked or (name == "transfer-encoding" and value == "chunked")
    if chunked:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    elif length is not None:
        await reader.readexactly(length)
    else:
        await reader.read()
        closing = True
    return closing


async def ask(address: str, clients: int, rate: float, methods: list[str], kept: str) -> Seen:
    """Until standard input ends."""
    seen, stop, numbers = Seen(), asyncio.Event(), itertools.count(1)
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), stop.set)
    began = time.monotonic()
    ways = [
        (m, k) for k in (True, False) for m in methods if kept in {"both", "yes" if k else "no"}
    ]
    some = [
        Client(address, method, clients / rate, seen, kept=keeps)
        for _, (method, keeps) in zip(range(clients), itertools.cycle(ways), strict=False)
    ]
    await asyncio.gather(*(client.run(stop, began, numbers) for client in some))
    seen.seconds = time.monotonic() - began
    return seen


class Load:
    """The clients as a process of their own, for as long as a block runs."""

    def __init__(self, address: str, *words: str) -> None:
        self.command = [sys.executable, __file__, address, *words]
        self.seen = Seen()

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        told, _ = self.process.communicate("")
        found = json.loads(told)
        found["kinds"] = {how: Counter(kinds) for how, kinds in found["kinds"].items()}
        self.seen = Seen(**found)


def main() -> None:
    """Ask, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1000.0, help="requests a second, of all")
    parser.add_argument("--methods", default="GET,POST")
    parser.add_argument("--kept", choices=("yes", "no", "both"), default="both")
    args = parser.parse_args()
    seen = asyncio.run(
        ask(args.address, args.clients, args.rate, args.methods.split(","), args.kept)
    )
    print(json.dumps(vars(seen)))


if __name__ == "__main__":
    main()
