"""Records on their way out: a non-blocking datagram socket that drops and counts, never waits."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections import deque

from surefoot.core.wire import Encoder

__all__ = ["Sender"]

_FULL = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS})


class Sender:
    """Sends an encoder's datagrams to one Unix socket.

    A datagram that finds the receiver's queue full is kept and tried first the next time; while
    it waits nothing else is encoded, so the strings it defines are never missed. When the receiver
    is gone everything is dropped and the encoder told to start anew.

    Attributes:
        encoder: Where values are added before ``flush``, and only while nothing is waiting.
        waiting: Datagrams encoded before that have not left.
    """

    def __init__(self, path: str, worker: int) -> None:
        self.encoder = Encoder(worker)
        self._path = path
        self._socket: socket.socket | None = None
        self.waiting: deque[bytes] = deque()

    def flush(self) -> bool:
        """Send what was encoded; ``False`` if it was lost because nobody listens."""
        self.waiting.extend(self.encoder.take())
        try:
            while self.waiting:
                self._open().send(self.waiting[0])
                self.waiting.popleft()
        except OSError as error:
            if error.errno in _FULL:
                return True
            self.close()
            return False
        return True

    def close(self) -> None:
        """Forget everything under way and close the socket."""
        self.waiting.clear()
        self.encoder.forget()
        held, self._socket = self._socket, None
        if held is not None:
            with contextlib.suppress(OSError):
                held.close()

    def _open(self) -> socket.socket:
        if self._socket is None:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                made.setblocking(False)
                made.connect(self._path)
            except OSError:
                made.close()
                raise
            self._socket = made
        return self._socket
