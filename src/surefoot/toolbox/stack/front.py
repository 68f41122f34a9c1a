"""The address users reach: a listening socket that outlives every replica behind it.

This is the seam for a balancer: whatever stands in front gives an address and the descriptors that
each replica inherits.
"""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from surefoot.errors import ServerError
from surefoot.toolbox.process.listeners import who_listens

__all__ = ["Front", "HeldSocket", "NoFront", "unix_listener"]

_BACKLOG: Final = 2048


class Front(Protocol):
    """What stands before the replicas."""

    @property
    def address(self) -> str:
        """``"127.0.0.1:8000"``; empty where there is none."""

    def descriptors(self) -> tuple[int, ...]:
        """Listening sockets that every replica accepts from, besides its own."""

    def close(self) -> None:
        """Give the address back."""


class NoFront:
    """Only the replicas' own sockets."""

    address = ""

    def descriptors(self) -> tuple[int, ...]:
        """None."""
        return ()

    def close(self) -> None:
        """Nothing to give back."""


class HeldSocket:
    """One TCP socket, held here and inherited by every replica; each accepts as it likes.

    Args:
        listen: Host and port, ``"127.0.0.1:8000"`` or ``"[::1]:8000"``.

    Raises:
        ServerError: The address is taken or cannot be had.
    """

    def __init__(self, listen: str) -> None:
        host, _, port = listen.rpartition(":")
        host = host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Accepted connections inherit it; a server that forgets it answers 40 ms late.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.bind((host, int(port)))
            self._socket.listen(_BACKLOG)
        except OSError as error:
            self._socket.close()
            raise _refused(listen, error) from error
        name = self._socket.getsockname()
        self.address = f"[{name[0]}]:{name[1]}" if ":" in host else f"{name[0]}:{name[1]}"

    def descriptors(self) -> tuple[int, ...]:
        """The held socket."""
        return (self._socket.fileno(),)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


def _refused(listen: str, error: OSError) -> ServerError:
    if error.errno == errno.EADDRINUSE:
        other = who_listens(int(listen.rpartition(":")[2])) or "another program"
        return ServerError(
            f"{listen} is in use by {other}",
            do="stop that one, or take another address with --listen",
        )
    reason = "that needs rights you do not have" if error.errno == errno.EACCES else error.strerror
    return ServerError(
        f"{listen} cannot be listened on: {reason}",
        do="take another address with --listen, as 127.0.0.1:8000",
    )


def unix_listener(path: Path) -> socket.socket:
    """A listening Unix socket of mode 0600, in place of whatever socket was there."""
    with suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The directory is 0700, so nobody else gets in between.
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
