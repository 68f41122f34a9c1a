"""A process that somebody else started, known by its number and by when it began.

A number alone may belong to another process by now; both together never do until the next boot.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from surefoot.toolbox.process.child import end, readable_pidfd

__all__ = ["Identity", "Known", "identity", "stopped", "told_by_ps"]

_POLL: Final = 0.05
_LINUX: Final = sys.platform == "linux"
_LSTART: Final = "%a %b %d %H:%M:%S %Y"


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, told apart from every other one of this boot."""

    pid: int
    began: int
    """When, in clock ticks since the boot; seconds since the epoch elsewhere than on Linux."""

    @property
    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return identity(self.pid) == self


def identity(pid: int) -> Identity | None:
    """Of the process that has this number now; ``None`` where there is none, or a zombie."""
    if not _LINUX:
        return told_by_ps(pid)
    fields = _fields(pid)
    if fields is None or fields[0] in "ZX":
        return None
    return Identity(pid, int(fields[19]))


def told_by_ps(pid: int) -> Identity | None:
    """The same by ``ps``, which every Unix has; it starts a process for it."""
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C"})
    state, _, began = done.stdout.strip().partition(" ")
    if not began or state[0] in "ZX":
        return None
    return Identity(pid, int(time.mktime(time.strptime(" ".join(began.split()), _LSTART))))


def stopped(pid: int) -> bool:
    """Whether it was stopped by a signal (SIGSTOP) or by a debugger, and does nothing.

    Only Linux tells that cheaply enough to be asked all the time.
    """
    fields = _fields(pid)
    return fields is not None and fields[0] in "Tt"


def _fields(pid: int) -> list[str] | None:
    """Of ``/proc/PID/stat``, from the state on."""
    # Asked several times a second for every replica: pathlib and decoding cost three times as much.
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return None
    try:
        return os.read(fd, 4096).rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return None
    finally:
        os.close(fd)


class Known:
    """The leader of a session that another process started.

    It can be watched and ended like a child; only its exit code is its own parent's to know.

    Args:
        who: Which one.
    """

    def __init__(self, who: Identity) -> None:
        self.who = who
        self.pid = who.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.who.alive

    @property
    def code(self) -> int | None:
        """``None``, whether it lives or not."""
        return None

    async def wait(self) -> None:
        """Until it has ended."""
        await readable_pidfd(self.pid, still=lambda: self.alive)
        while self.alive:  # noqa: ASYNC110 - a system without pidfd tells nobody
            await asyncio.sleep(_POLL)

    def terminate(self) -> None:
        """Ask it to finish what it is doing and to end."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End its whole session now."""
        if self.alive:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            end([self.pid])
