"""One replica under traffic, from its start to its last breath."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

from surefoot.core.fleet import Member, State
from surefoot.toolbox.balancer.values import Server
from surefoot.toolbox.process.child import ending, readable_pidfd
from surefoot.toolbox.process.known import Identity, identity, stopped
from surefoot.toolbox.serving.record import ReplicaRecord
from surefoot.toolbox.stack.replica import Replica

__all__ = ["START_SECONDS", "Owner", "Unit"]

START_SECONDS: Final = 60.0
"""How long it may take until it is ready."""
_LOOK: Final = 0.4
"""Seconds between two looks at whether it was stopped; two in a row count."""
_WORKER_LOOK: Final = 0.05


class Owner(Protocol):
    """Is told what becomes of a unit."""

    async def ready(self, unit: Unit) -> None:
        """It is ready for requests."""

    async def gone(self, unit: Unit, how: str) -> None:
        """No process of it is left."""


class Unit:
    """One replica, its state and what watches it.

    Args:
        replica: Not started, or adopted.
        release: Whose it is.
        slots: Requests that it may work on at once.
    """

    def __init__(
        self,
        replica: Replica,
        release: int,
        slots: int,
    ) -> None:
        self.replica = replica
        self.release = release
        self.slots = slots
        self.state = State.STARTING
        self.began = time.time()
        """Seconds since the epoch."""
        self.since = time.monotonic()
        """When it came into its state, on a clock that all processes of this machine share until
        its next boot."""
        self.idle = True
        self.outdated = False
        self.how = ""
        """What ended it, where that is known before it has ended."""
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """``"r7"``."""
        return self.replica.name

    @property
    def server(self) -> Server:
        """What a balancer has to know."""
        return Server(self.name, self.replica.socket, self.slots)

    @property
    def member(self) -> Member:
        """What is decided upon."""
        return Member(self.name, self.release, self.state, self.since, self.idle, self.outdated)

    @property
    def record(self) -> ReplicaRecord | None:
        """What another supervisor has to know; ``None`` while it has no process."""
        who = identity(self.replica.pid) if self.replica.pid else None
        if who is None:
            return None
        return ReplicaRecord(self.name, self.release, self.state, who, self.began, self.since)

    def recall(self, known: ReplicaRecord) -> None:
        """Be where another supervisor has left it."""
        self.release, self.state = known.release, known.state
        self.began, self.since = known.began, known.since

    def becomes(self, state: State) -> None:
        """Move on."""
        self.state = state
        self.since = time.monotonic()

    def start(self, shared: Sequence[int], owner: Owner) -> None:
        """Start it, and watch it until it is gone."""
        self.replica.start(shared)
        self._watch(owner)

    def adopt(self, who: Identity, owner: Owner) -> None:
        """Watch what somebody else has started."""
        self.replica.adopt(who)
        if self.state is State.UP:
            self.replica.up_since = time.monotonic()
        self._watch(owner)

    def let_go(self) -> None:
        """Stop watching; it lives on."""
        if self._task is not None:
            self._task.cancel()

    def _watch(self, owner: Owner) -> None:
        self._task = asyncio.create_task(self._live(owner))

    async def _live(self, owner: Owner) -> None:
        watching = asyncio.ensure_future(self._death())
        try:
            if self.state is State.STARTING and await self._became_ready(watching):
                await owner.ready(self)
            how = await watching
        finally:
            watching.cancel()
        # What waits in its socket's queue learns at once that nobody will answer.
        await asyncio.to_thread(self.replica.kill)
        await owner.gone(self, self.how or how)

    async def _became_ready(self, death: asyncio.Future[str]) -> bool:
        ready: asyncio.Future[None] = asyncio.ensure_future(self.replica.answers())
        both: set[asyncio.Future[Any]] = {ready, death}
        try:
            await asyncio.wait(both, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done() and not death.done():
                said = f": {self.replica.unready}" if self.replica.unready else ""
                self.how = f"it was not ready within {START_SECONDS:.0f} s{said}"
                self.replica.kill()
            return ready.done()
        finally:
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)

    async def _death(self) -> str:
        """How it ended: its leader, its only worker, or by standing still."""
        leader = asyncio.ensure_future(self.replica.ended())
        worker = asyncio.ensure_future(self._worker_ended())
        frozen = asyncio.ensure_future(self._stood_still())
        try:
            await asyncio.wait({leader, worker, frozen}, return_when=asyncio.FIRST_COMPLETED)
            if frozen.done():
                return "it was stopped by a signal"
            if worker.done() and self.state is not State.STOPPING and not leader.done():
                return "its worker died"
            await leader
            code = self.replica.code
            return "it ended" if code is None else ending(code)
        finally:
            for task in (leader, worker, frozen):
                task.cancel()
            await asyncio.gather(leader, worker, frozen, return_exceptions=True)

    async def _worker_ended(self) -> None:
        """Until its one worker has ended; of several gunicorn starts another by a fork."""
        while self.state is State.STARTING or not self.replica.workers():  # noqa: ASYNC110 - a look
            await asyncio.sleep(_WORKER_LOOK)
        workers = self.replica.workers()
        if self.replica.intended > 1 or self.replica.pid in workers:
            await asyncio.Event().wait()
        await readable_pidfd(min(workers))

    async def _stood_still(self) -> None:
        """Until it stood still for two looks."""
        looks = 0
        pids: frozenset[int] = frozenset()
        while looks < 2:
            await asyncio.sleep(_LOOK)
            if self.state is State.STARTING or self.replica.intended > 1 or not pids:
                pids = self.replica.workers() | {self.replica.pid}
            looks = looks + 1 if any(map(stopped, pids)) else 0
