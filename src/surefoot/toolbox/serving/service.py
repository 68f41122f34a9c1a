"""A project under traffic, put together: begun, or taken over from a supervisor that is no more."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from surefoot.core.fleet import State
from surefoot.errors import ServerError, UsageError
from surefoot.toolbox.journal.lock import Lock
from surefoot.toolbox.process.child import end
from surefoot.toolbox.process.known import Known
from surefoot.toolbox.serving import control
from surefoot.toolbox.serving.balanced import Balanced
from surefoot.toolbox.serving.held import hold, taken
from surefoot.toolbox.serving.place import Place
from surefoot.toolbox.serving.record import Record, load, save
from surefoot.toolbox.serving.release import Release
from surefoot.toolbox.serving.status import status
from surefoot.toolbox.serving.supervisor import Supervisor
from surefoot.toolbox.serving.traffic import Accepting, Traffic
from surefoot.toolbox.stack.keeper import Event

__all__ = ["MOST", "Service", "ended", "lives", "prepared", "serving"]

Watch = Callable[[Event], None]

MOST: Final = 256
"""Replicas of one project."""


class Service:
    """What runs, for who started it.

    Args:
        supervisor: Keeps it up.
        running: Ends when everything has ended.
        outdated: Whether it was there already, started by a command with other options.
    """

    def __init__(
        self, supervisor: Supervisor, running: asyncio.Task[None], *, outdated: bool
    ) -> None:
        self.supervisor = supervisor
        self.running = running
        self.outdated = outdated

    @property
    def address(self) -> str:
        """``"127.0.0.1:8000"``, where users reach it."""
        return self.supervisor.record.addresses[0]

    async def stop(self, hurry: asyncio.Event) -> None:
        """End everything; requests may finish until ``hurry`` is set."""
        if self.running.done():
            return
        stopping = asyncio.ensure_future(self.supervisor.stop())
        hurried = asyncio.ensure_future(hurry.wait())
        await asyncio.wait({stopping, hurried}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            self.supervisor.kill()
        hurried.cancel()
        await self.running
        await stopping


@contextlib.asynccontextmanager
async def serving(
    place: Place, release: Release, flags: Mapping[str, Any], watch: Watch
) -> AsyncIterator[Service]:
    """Run a project, or go on with what already runs of it.

    Nothing is stopped by leaving the block: a supervisor may go, and its processes live on.

    Args:
        place: Its run directory.
        release: What to start replicas from.
        flags: Dotted keys that the command line set.
        watch: Called with everything that happens.

    Raises:
        RefusedError: Another supervisor is there.
        ServerError: An address is taken.
    """
    lock = Lock(place.lock, mode=0o600, doing="keeps this project running already")
    try:
        known = load(place.state)
        if known is None or not lives(known):
            known = _holding(place, _fresh(release, flags))
        _check_address(known, release)
        async with _supervised(place, known, release, flags, watch) as service:
            yield service
    finally:
        lock.release()


@contextlib.asynccontextmanager
async def _supervised(
    place: Place, record: Record, release: Release, flags: Mapping[str, Any], watch: Watch
) -> AsyncIterator[Service]:
    outdated = record.flags != flags
    record = replace(record, flags=dict(flags))
    over = not record.members
    try:
        supervisor = await _adopted(place, record, release, watch)
        async with control.listen(place.control, _Answers(supervisor).answer):
            running = asyncio.create_task(supervisor.run())
            over = False
            try:
                yield Service(supervisor, running, outdated=outdated)
            finally:
                over, record = running.done(), supervisor.record
                supervisor.traffic.leave()
    finally:
        if over:
            ended(place, record)


def prepared(place: Place, release: Release, flags: Mapping[str, Any]) -> Record:
    """Hold the address of a project that does not run, for a supervisor that is to follow.

    Raises:
        ServerError: It runs already, or its address is taken.
    """
    known = load(place.state)
    if known is not None and lives(known):
        raise ServerError(
            "another surefoot keeps this project running already",
            do="surefoot status shows it, surefoot reload replaces it, surefoot stop ends it",
        )
    record = _holding(place, _fresh(release, flags))
    save(place.state, record)
    return record


def ended(place: Place, record: Record) -> None:
    """Leave nothing of it behind."""
    for process in (record.balancer, record.holder):
        if process is not None:
            Known(process).kill()
    end([], record.mark)
    shutil.rmtree(place.directory, ignore_errors=True)


def _fresh(release: Release, flags: Mapping[str, Any]) -> Record:
    known = release.config
    return Record(
        directory=str(release.directory),
        flags=dict(flags),
        mark=f"surefoot-{secrets.token_hex(8)}",
        addresses=(known.balancer.listen,),
        replicas=known.server.replicas,
        release=1,
        number=0,
    )


def lives(record: Record) -> bool:
    """Whether anything of it does."""
    processes = [member.process for member in record.members]
    processes += [each for each in (record.holder, record.balancer) if each is not None]
    return any(process.alive for process in processes)


def _check_address(record: Record, release: Release) -> None:
    """Refuse to go on with what users reach elsewhere."""
    listen = release.config.balancer.listen
    if listen.endswith(":0") or listen in record.addresses:
        return
    raise ServerError(
        f"this project runs already, at {', '.join(record.addresses)} and not at {listen}",
        do="surefoot stop, then surefoot run",
    )


def _holding(place: Place, record: Record) -> Record:
    return replace(record, holder=hold(place, record.addresses, record.mark))


async def _adopted(place: Place, record: Record, release: Release, watch: Watch) -> Supervisor:
    fronts = taken(place.holder)
    record = replace(record, addresses=tuple(map(_name, fronts)))
    release = replace(release, number=_in_force(record))
    traffic = _traffic(place, release, fronts, record.mark, watch)
    supervisor = Supervisor(place, record.flags, release, traffic, record, watch)
    for member in record.members:
        if member.process.alive:
            supervisor.adopt(member)
    up = [unit for unit in supervisor.units.values() if unit.state is State.UP]
    await traffic.adopt(record.balancer, up)
    return supervisor


def _in_force(record: Record) -> int:
    """The release that is to go on: of one that was never ready nobody knows whether it works."""
    up = {m.release for m in record.members if m.state is State.UP and m.process.alive}
    return record.release if record.release in up or not up else max(up)


def _traffic(
    place: Place, release: Release, fronts: list[socket.socket], mark: str, watch: Watch
) -> Traffic:
    if release.config.balancer.kind == "none":
        return Accepting(fronts)
    return Balanced(
        place, release.config, fronts, mark, lambda text: watch(Event("haproxy", "output", text))
    )


def _name(front: socket.socket) -> str:
    host, port = front.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Answers:
    """What the control socket is asked.

    Args:
        supervisor: Whom it is about.
    """

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def answer(self, request: Mapping[str, Any], say: control.Say) -> Mapping[str, Any]:
        """Do one thing, and return how things stand then."""
        supervisor = self._supervisor
        tell = supervisor.telling(say)
        with tell:
            match request.get("do"):
                case "status":
                    pass
                case "settled":
                    await supervisor.settled()
                case "reload":
                    await supervisor.reload()
                case "scale":
                    await supervisor.scale(_number(request.get("replicas")))
                case "stop":
                    await supervisor.stop()
                case unknown:
                    raise UsageError(f"{unknown!r} is nothing that a supervisor does")
        return status(supervisor)


def _number(told: Any) -> int:
    if not isinstance(told, int) or not 1 <= told <= MOST:
        raise UsageError(f"{told!r} is no number of replicas from 1 to {MOST}")
    return told
