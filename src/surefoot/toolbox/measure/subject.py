"""What is measured: an application that we start, or something that already listens somewhere."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from surefoot.config import Settings
from surefoot.errors import SurefootError
from surefoot.toolbox.measure.receiver import Receiver
from surefoot.toolbox.stack import Stack
from surefoot.toolbox.target import Application

__all__ = ["Started", "Subject", "Url", "bare", "listening_pids", "started"]

_PROC: Final = Path("/proc")
_LISTEN: Final = "0A"  # include/net/tcp_states.h


class Subject(Protocol):
    """Something that answers requests."""

    @property
    def addresses(self) -> Sequence[str]:
        """Where requests are sent, in turn."""
        ...

    @property
    def receiver(self) -> Receiver | None:
        """Where its telemetry arrives; ``None`` for a black box."""
        ...

    @property
    def failure(self) -> asyncio.Future[SurefootError]:
        """Set when it has died for good."""
        ...

    def pids(self) -> tuple[int, ...]:
        """Its processes on this host, now."""
        ...

    def log_tail(self, count: int) -> str:
        """The last lines it printed."""
        ...


@dataclass(frozen=True, slots=True)
class Started:
    """An application in replicas of ours."""

    stack: Stack
    receiver: Receiver | None

    @property
    def addresses(self) -> Sequence[str]:
        """Every replica's own socket."""
        return [replica.address for replica in self.stack.replicas]

    @property
    def failure(self) -> asyncio.Future[SurefootError]:
        """As the stack says."""
        return self.stack.failure

    def pids(self) -> tuple[int, ...]:
        """Masters and workers."""
        return tuple(pid for replica in self.stack.replicas for pid in replica.pids())

    def log_tail(self, count: int) -> str:
        """Of all replicas."""
        return self.stack.log_tail(count)


@contextlib.asynccontextmanager
async def started(application: Application, settings: Settings) -> AsyncIterator[Started]:
    """Start the application with telemetry on; it has ended when the block has."""
    with tempfile.TemporaryDirectory(prefix="surefoot-") as folder:
        path = Path(folder) / "records.sock"
        async with (
            Receiver(path) as receiver,
            Stack(application, settings, records=path, every=True) as stack,
        ):
            yield Started(stack, receiver)


@contextlib.asynccontextmanager
async def bare(application: Application, settings: Settings) -> AsyncIterator[Started]:
    """Start the application as it is served to users, without telemetry."""
    async with Stack(application, settings) as stack:
        yield Started(stack, None)


@dataclass(frozen=True, slots=True)
class Url:
    """A black box that listens at ``http://host:port``."""

    url: str
    receiver: None = None
    failure: asyncio.Future[SurefootError] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def addresses(self) -> Sequence[str]:
        """The one address, without a path."""
        parts = urlsplit(self.url)
        return [f"{parts.scheme}://{parts.netloc}"]

    def pids(self) -> tuple[int, ...]:
        """Whoever listens on its port on this host, with their descendants."""
        return listening_pids(urlsplit(self.url).port or 80)

    def log_tail(self, count: int) -> str:  # noqa: ARG002 - a black box prints elsewhere
        """Nothing: it prints where it was started."""
        return ""


def listening_pids(port: int) -> tuple[int, ...]:
    """Processes that hold a TCP socket listening on ``port``, and their children."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    parents: dict[int, int] = {}
    found: set[int] = set()
    for entry in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = (entry / "stat").read_text(encoding="ascii", errors="replace")
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
            if sockets and any(_target(link) in sockets for link in (entry / "fd").iterdir()):
                found.add(int(entry.name))
    grown = True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in found} - found
        grown = bool(children)
        found |= children
    return tuple(sorted(found))


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("net/tcp", "net/tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / table).read_text(encoding="ascii").splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTEN and int(words[1].rpartition(":")[2], 16) == port:
                    inodes.add(words[9])
    return inodes


def _target(link: Path) -> str:
    with contextlib.suppress(OSError):
        return str(link.readlink())
    return ""
