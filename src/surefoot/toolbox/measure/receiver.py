"""The receiving end of telemetry: a local datagram socket that every worker sends to.

Datagrams are only kept while measuring and decoded afterwards, so that receiving costs the cores
under test as little as possible.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from surefoot.core import wire
from surefoot.core.records import Record, StackSample
from surefoot.errors import RecordError

__all__ = ["Received", "Receiver"]

_LARGEST: Final = 64 * 1024
_BUFFER: Final = 8 * 1024 * 1024  # the kernel caps it at net.core.rmem_max
_BETWEEN: Final = 0.05
_LOOKS: Final = 26  # a worker that says nothing for 1.3 s is gone, or stands still
_AT_ONCE: Final = 64  # datagrams read before the loop may do something else


class Received:
    """What has been sent up to a moment, decoded."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.stacks: list[StackSample] = []
        self.workers: dict[int, wire.WorkerStats] = {}
        self.rubbish = 0

    def add(self, more: Received) -> None:
        """With what came after it."""
        self.records += more.records
        self.stacks += more.stacks
        self.workers |= more.workers
        self.rubbish += more.rubbish


class Receiver:
    """An asynchronous context manager that owns the socket at ``path``.

    Attributes:
        latest: What each worker said about itself last, in all that was collected.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._datagrams: list[bytes] = []
        self._decoder = wire.Decoder()
        self.latest: dict[int, wire.WorkerStats] = {}

    async def __aenter__(self) -> Self:
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        before = os.umask(0o177)
        try:
            self._socket.bind(str(self.path))
        finally:
            os.umask(before)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                self._datagrams.append(self._socket.recv(_LARGEST))
            except BlockingIOError:
                return

    def collect(self) -> Received:
        """Decode and hand over what came since the last call."""
        datagrams, self._datagrams = self._datagrams, []
        received = Received()
        for item in self._decoded(datagrams, received):
            match item:
                case Record():
                    received.records.append(item)
                case StackSample():
                    received.stacks.append(item)
                case wire.WorkerStats():
                    received.workers[item.worker] = item
        self.latest |= received.workers
        return received

    async def settled(self) -> Received:
        """As ``collect``, with what the caches did up to now.

        Workers say that about once a second; where there are none, nobody is waited for.
        """
        received = self.collect()
        wanted = {pid for pid, stats in self.latest.items() if stats.caches}
        for _ in range(_LOOKS):
            if not wanted:
                break
            await asyncio.sleep(_BETWEEN)
            more = self.collect()
            wanted -= more.workers.keys()
            received.add(more)
        return received

    def _decoded(
        self, datagrams: list[bytes], received: Received
    ) -> Iterator[Record | StackSample | wire.WorkerStats]:
        for datagram in datagrams:
            try:
                yield from self._decoder.feed(datagram)
            except RecordError:
                received.rubbish += 1
