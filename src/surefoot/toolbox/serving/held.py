"""The sockets that users reach, held by a process of their own so that all others may die."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from surefoot.errors import ServerError
from surefoot.toolbox.process.child import Child
from surefoot.toolbox.process.known import Identity, identity
from surefoot.toolbox.process.table import MARK
from surefoot.toolbox.serving import holder
from surefoot.toolbox.serving.place import Place
from surefoot.toolbox.stack.front import HeldSocket, unix_listener

__all__ = ["hold", "taken"]

_SECONDS: Final = 5.0
_MOST: Final = 16


def hold(place: Place, addresses: Sequence[str], mark: str) -> Identity:
    """Listen on the addresses, and start the process that holds them.

    Args:
        place: Its run directory.
        addresses: ``"127.0.0.1:8000"``; at most 16.
        mark: What the environment of the project's processes holds.

    Raises:
        ServerError: An address is taken or cannot be had, or the process does not start.
    """
    fronts: list[HeldSocket] = []
    asked = unix_listener(place.holder)
    try:
        # One by one, so that those already open are closed when the next is refused.
        for address in addresses:
            fronts.append(HeldSocket(address))  # noqa: PERF401
        held = [fd for front in fronts for fd in front.descriptors()]
        fds = [asked.fileno(), *held]
        process = Child(
            [sys.executable, "-I", "-S", holder.__file__, *map(str, fds)],
            directory=place.directory,
            environment={**os.environ, MARK: mark},
            output=place.log("holder"),
            fds=fds,
        )
    finally:
        asked.close()
        for front in fronts:
            front.close()
    who = identity(process.pid)
    if who is None:
        raise ServerError(
            "the process that holds the sockets did not start", do=f"look at {place.log('holder')}"
        )
    return who


def taken(path: Path) -> list[socket.socket]:
    """The sockets that the process behind ``path`` holds.

    Raises:
        ServerError: Nobody answers there.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(_SECONDS)
        try:
            asking.connect(str(path))
            count, fds, _, _ = socket.recv_fds(asking, 1, _MOST)
        except OSError as error:
            raise ServerError(
                f"the process that holds the sockets does not answer: {error}",
                do="stop what is left with surefoot stop, and start anew",
            ) from error
    sockets = [socket.socket(fileno=fd) for fd in fds]
    if not count or count[0] != len(sockets):
        for each in sockets:
            each.close()
        raise ServerError("the process that holds the sockets gave none")
    return sockets
