"""What parent and worker process say to each other: pickled values with their length before them.

The channel is a socket pair that only the two of them hold.
"""

from __future__ import annotations

import asyncio
import pickle
import struct
from dataclasses import dataclass, field
from typing import Final

from surefoot.toolbox.load.address import Address
from surefoot.toolbox.load.observation import Judge, Observation, Observed
from surefoot.toolbox.load.samples import Samples
from surefoot.toolbox.load.schedule import Closed, Schedule
from surefoot.toolbox.load.workload import Workload

__all__ = ["Chunk", "Done", "Failed", "Go", "Message", "Open", "Ready", "Stop", "receive", "send"]

_LENGTH: Final = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Open:
    """Parent to worker, first: what will be sent, and where to."""

    workload: Workload
    addresses: tuple[Address, ...]
    index: int
    """Which worker this is, from 0."""
    of: int
    """How many workers there are."""
    seed: int
    timeout: float
    connections: int
    stamp: bool
    observe: Observation | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Worker to parent: the users are logged in."""

    users: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Worker to parent: it cannot go on."""

    what: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Go:
    """Parent to worker: one run."""

    plan: Schedule | Closed
    start: float
    """Instant of ``time.monotonic``, which is one clock for all processes."""
    seed: int
    judge: Judge | None = None
    """From this run on, digests alone are kept, made by this one."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Parent to worker: end the run early."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Worker to parent, several times a second: what ended since the last one."""

    samples: Samples
    errors: dict[str, int]
    in_flight: int


@dataclass(frozen=True, slots=True)
class Done:
    """Worker to parent: the run is over."""

    seconds: float
    cpu: float
    busy: float
    """Share of a core, while arrivals were started."""
    unsent: int
    no_user: int
    retries: int
    connections: int
    abandoned: int
    precision: str
    observed: Observed = field(default_factory=Observed)


Message = Open | Ready | Failed | Go | Stop | Chunk | Done


def send(writer: asyncio.StreamWriter, message: Message) -> None:
    """Queue ``message`` for sending."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    writer.write(_LENGTH.pack(len(data)) + data)


async def receive(reader: asyncio.StreamReader) -> Message | None:
    """The next message; ``None`` once the other side is gone."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        data = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    message: Message = pickle.loads(data)  # noqa: S301  # from our own process, over our own pair
    return message
