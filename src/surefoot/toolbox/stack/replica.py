"""One replica: a server process group, its own socket, its output, and its successive lives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surefoot.config import Config
from surefoot.toolbox.process.child import Child
from surefoot.toolbox.process.known import Identity, Known
from surefoot.toolbox.process.table import MARK, children, members, snapshot
from surefoot.toolbox.stack.command import server_command
from surefoot.toolbox.stack.front import unix_listener
from surefoot.toolbox.stack.output import Output
from surefoot.toolbox.target import Application

__all__ = ["Replica", "Site"]

_POLL: Final = 0.02
_ANSWER_SECONDS: Final = 10.0
_SAID: Final = 2_000
DRAINING: Final = "SUREFOOT_DRAINING"
"""Names the file to the replica's processes; ``surefoot.health`` looks for it."""


@dataclass(frozen=True, slots=True)
class Site:
    """What all replicas of one stack share."""

    application: Application
    config: Config
    directory: Path
    """The run directory, mode 0700, its path short enough for sockets."""
    mark: str


class Replica:
    """One server process group with a Unix socket of its own.

    Args:
        name: ``"0"``, ``"1"``, ...
        site: Where it runs.
        settings: What its workers read from ``SUREFOOT_SETTINGS``.
        ready: Path at which it says whether it is ready for requests; where there is none, any
            answer will do.
    """

    def __init__(self, name: str, site: Site, settings: str, *, ready: str = "") -> None:
        self.name = name
        self.socket = site.directory / f"{name}.sock"
        self.output = Output(site.directory / f"{name}.log")
        self.restarts = 0
        """Times that it, or its worker under it, had to be started again."""
        self.up_since = 0.0
        """Monotonic seconds of this life's first answer; 0 before it."""
        self._site = site
        self._settings = settings
        self._ready = ready
        self.unready = ""
        """Why it was not ready when it was asked last, in its own words."""
        self._child: Child | Known | None = None

    @property
    def address(self) -> str:
        """``"unix:/path/0.sock"``, where this replica alone answers."""
        return f"unix:{self.socket}"

    @property
    def draining(self) -> Path:
        """Where this file is, it says that it is not ready any more, and goes on serving."""
        return self.socket.with_suffix(".draining")

    @property
    def pid(self) -> int:
        """The leading process; 0 before the first start."""
        return self._child.pid if self._child else 0

    @property
    def code(self) -> int | None:
        """Exit code of its leading process, negative for a signal.

        ``None`` while that lives, and where another process started it.
        """
        return self._child.code if self._child else None

    @property
    def alive(self) -> bool:
        """Whether its leading process lives."""
        return self._child is not None and self._child.alive

    def pids(self) -> list[int]:
        """Every living process of it: master, workers and whatever they started."""
        return sorted(members(self.pid, snapshot())) if self.pid else []

    def worker(self) -> int:
        """The process that answers requests, the oldest of several; 0 while there is none."""
        return min(self.workers(), default=0)

    def workers(self) -> frozenset[int]:
        """All processes that answer requests."""
        if not self.alive:
            return frozenset()
        if self._site.application.server.kind != "gunicorn":
            return frozenset({self.pid})
        return frozenset(children(self.pid))

    @property
    def intended(self) -> int:
        """How many processes are to answer requests."""
        return self._site.config.server.workers

    def start(self, shared: Sequence[int]) -> None:
        """Start it on a fresh socket of its own and on the ``shared`` listening sockets."""
        application = self._site.application
        self.up_since = 0.0
        listener = unix_listener(self.socket)
        try:
            fds = (listener.fileno(), *shared)
            environment = {
                "PYTHONUNBUFFERED": "1",
                **application.environment,
                "SUREFOOT_SETTINGS": self._settings,
                MARK: self._site.mark,
                DRAINING: str(self.draining),
            }
            self.draining.unlink(missing_ok=True)
            pid_file = self.socket.with_suffix(".pid")
            # One that a killed server left may name a process that is somebody else's by now.
            pid_file.unlink(missing_ok=True)
            self._child = Child(
                server_command(application, self._site.config, fds, pid_file),
                directory=application.directory,
                environment=environment,
                output=self.output.path,
                fds=fds,
            )
        finally:
            # Held only by the replica: when it is gone a connection is refused, not left waiting.
            listener.close()

    async def answers(self) -> None:
        """Wait until it says that it is ready, or answers with whatever status."""
        while not await self._asked():  # noqa: ASYNC110 - nothing tells when a server is ready
            await asyncio.sleep(_POLL)
        self.up_since = time.monotonic()

    async def _asked(self) -> bool:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_ANSWER_SECONDS):
                reader, writer = await asyncio.open_unix_connection(str(self.socket))
                try:
                    writer.write(_question(self._ready))
                    first = await reader.readexactly(12)
                    if not self._ready or first.endswith(b" 200"):
                        return first.startswith(b"HTTP/")
                    told = (first + await reader.read(_SAID)).partition(b"\r\n\r\n")[2]
                    self.unready = told.decode(errors="replace").strip()
                finally:
                    writer.close()
        return False

    def adopt(self, who: Identity) -> None:
        """Take over one that another process has started on this socket."""
        self._child = Known(who)

    async def ended(self) -> None:
        """Until its leading process has ended."""
        if self._child is not None:
            await self._child.wait()

    def terminate(self) -> None:
        """Ask it to finish what it is doing and to end."""
        if self._child is not None:
            self._child.terminate()

    async def stop(self, grace: float) -> None:
        """Ask it to finish; whatever lives after ``grace`` seconds is killed."""
        if self._child is None:
            return
        self.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._child.wait()
        self.kill()

    def kill(self) -> None:
        """End every process of it now."""
        if self._child is not None:
            self._child.kill()


def _question(ready: str) -> bytes:
    # OPTIONS asks the application nothing that it would have to work for or that could change data.
    what = f"GET {ready}" if ready else "OPTIONS /"
    head = "Host: localhost\r\nUser-Agent: surefoot\r\nAccept: text/plain\r\nConnection: close"
    return f"{what} HTTP/1.1\r\n{head}\r\n\r\n".encode()
