"""The other end of telemetry, for tests: a socket that keeps what workers send."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from surefoot.core.records import Record, StackSample
from surefoot.core.wire import Decoder, WorkerStats

__all__ = ["Receiver"]


class Receiver:
    """A datagram socket of mode 0600 in a directory of its own; a context manager.

    Attributes:
        path: What ``Options.records`` is to be.
        records: Received so far, oldest first; ``stacks`` and ``stats`` likewise.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.stacks: list[StackSample] = []
        self.stats: list[WorkerStats] = []
        self.decoder = Decoder()
        self._directory = tempfile.TemporaryDirectory(prefix="sf-")
        self.path = str(Path(self._directory.name) / "records.sock")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        Path(self.path).chmod(0o600)
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket and remove its directory."""
        self._socket.close()
        self._directory.cleanup()

    def drain(self) -> None:
        """Take in what has arrived."""
        while True:
            try:
                datagram = self._socket.recv(1 << 16)
            except BlockingIOError:
                return
            for value in self.decoder.feed(datagram):
                if isinstance(value, Record):
                    self.records.append(value)
                elif isinstance(value, StackSample):
                    self.stacks.append(value)
                else:
                    self.stats.append(value)

    def wait(self, until: Callable[[], bool], timeout: float = 10.0) -> None:
        """Take in until a condition holds.

        Args:
            until: Asked after each look.
            timeout: Seconds.

        Raises:
            TimeoutError: It never held.
        """
        end = time.monotonic() + timeout
        while True:
            self.drain()
            if until():
                return
            if time.monotonic() > end:
                raise TimeoutError(
                    f"{len(self.records)} records, {len(self.stacks)} stacks and "
                    f"{len(self.stats)} stats arrived, and that was not it"
                )
            time.sleep(0.01)

    def wait_for_records(self, count: int, timeout: float = 10.0) -> list[Record]:
        """The first ``count`` records.

        Raises:
            TimeoutError: They did not arrive in ``timeout`` seconds.
        """
        self.wait(lambda: len(self.records) >= count, timeout)
        return self.records[:count]
