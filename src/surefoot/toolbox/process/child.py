"""One process that leads a session of its own, and the end of all that it started."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from surefoot.toolbox.process.table import marked, members, snapshot

__all__ = ["Child", "alive", "end", "ending", "readable_pidfd"]

_POLL: Final = 0.05
_KILL_SECONDS: Final = 5.0


class Child:
    """A process started in a session of its own; its output goes to the end of a file.

    Args:
        command: Program and arguments; no secret may be among them.
        directory: Working directory.
        environment: The whole environment.
        output: File that takes what it prints, made with mode 0600.
        fds: Descriptors it inherits under the same numbers.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        output: Path,
        fds: Sequence[int] = (),
    ) -> None:
        log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # Not asyncio's: its start can be cancelled between the fork and our knowing the id.
            self._process = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=fds,
                start_new_session=True,
            )
        finally:
            os.close(log)
        self.pid = self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def code(self) -> int | None:
        """Exit code, negative for a signal; ``None`` while it is alive."""
        return self._process.poll()

    async def wait(self) -> int:
        """Its exit code, as soon as there is one."""
        if self._process.poll() is None:
            await readable_pidfd(self.pid)
            while self._process.poll() is None:  # noqa: ASYNC110 - the system tells nobody
                await asyncio.sleep(_POLL)
        return self._process.wait()

    def terminate(self) -> None:
        """Ask the leader to finish what it is doing and to end."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole session now, and wait until it has ended."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        end([self.pid])
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILL_SECONDS)


async def readable_pidfd(pid: int, still: Callable[[], bool] = lambda: True) -> None:
    """Until the process has ended; returns at once where the system has no such descriptors.

    Args:
        pid: Of the process.
        still: Asked once its descriptor is open, whether it is the one that was meant.
    """
    try:
        fd = os.pidfd_open(pid)
    except (AttributeError, OSError):
        # Not Linux, a kernel or sandbox without it, or ended.
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    try:
        if still():
            loop.add_reader(fd, ended.set)
            await ended.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)


def ending(code: int) -> str:
    """An exit code in words, ``"exit code 3"`` or ``"killed by SIGKILL"``."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def alive(leaders: Iterable[int], mark: str = "") -> set[int]:
    """The living processes of these sessions, and whatever carries ``mark``."""
    processes = snapshot()
    found = {pid for leader in leaders for pid in members(leader, processes)}
    found |= marked(mark) & processes.keys() if mark else set()
    return found - {os.getpid()}


def end(leaders: Iterable[int], mark: str = "") -> set[int]:
    """Kill what is left of these sessions, and whatever carries ``mark``.

    Returns:
        The ids that had to be killed.
    """
    leaders = list(leaders)
    killed: set[int] = set()
    deadline = time.monotonic() + _KILL_SECONDS
    while (left := alive(leaders, mark)) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= left
        time.sleep(0.01)
    return killed
