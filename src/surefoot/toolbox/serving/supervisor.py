"""Keeps a project's replicas as they are wanted, whatever dies, and lets whoever asks change that.

Looks at what there is, asks ``core.fleet`` what to do, does it, writes down what there is: after
every event, and never by a plan that has to be remembered. What it holds itself it could lose at
any moment: the processes live without it, and the file tells another one of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from surefoot.core.fleet import Action, Drain, Kill, Start, State, Stop, Wanted, decide
from surefoot.errors import BalancerError, ServerError
from surefoot.toolbox.process.known import identity
from surefoot.toolbox.serving.place import Place
from surefoot.toolbox.serving.record import Record, ReplicaRecord, save
from surefoot.toolbox.serving.release import Release, find_release
from surefoot.toolbox.serving.traffic import Traffic
from surefoot.toolbox.serving.unit import Unit
from surefoot.toolbox.stack.command import worker_environment
from surefoot.toolbox.stack.keeper import Event, sentence
from surefoot.toolbox.stack.output import raised
from surefoot.toolbox.stack.replica import Replica, Site
from surefoot.toolbox.stack.restart import NEVER_UP, Lives

__all__ = ["Supervisor"]

_TAIL: Final = 30
_SEARCHED: Final = 200
_PAUSE: Final = 0.05
"""Seconds between two looks while something is on its way."""
_REST: Final = 1.0
"""The same while nothing is."""


class Supervisor:
    """One project's.

    Args:
        place: Its run directory.
        flags: Dotted keys that its command line set.
        release: What to start replicas from.
        traffic: What brings the requests.
        record: What runs already, or what is known before anything does.
        watch: Called with everything that happens, the application's output included.
    """

    def __init__(
        self,
        place: Place,
        flags: Mapping[str, Any],
        release: Release,
        traffic: Traffic,
        record: Record,
        watch: Callable[[Event], None],
    ) -> None:
        self.release = release
        self.traffic = traffic
        self.record = record
        self.units: dict[str, Unit] = {}
        self.restarts = 0
        """Replicas that were started because another one had died."""
        self.wanted = self._good = _wanted(release, record.replicas)
        self._place, self._flags, self._watch = place, flags, watch
        self._number = record.number
        self._releases = {release.number: release}
        self._proven: set[int] = set()
        """Releases of which a replica has been ready."""
        self._lives = Lives()
        self._changing = asyncio.Lock()
        """One change at a time: which release is in force is known at its end."""
        self._changed = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._told: list[Callable[[str], None]] = []
        self._over = False

    # --- What others ask of it --------------------------------------------------------------------

    async def settled(self) -> None:
        """Until what is wanted is there.

        Raises:
            ServerError: It cannot be had; what was there before is wanted again.
        """
        if self._over:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._changed.set()
        await future

    async def scale(self, replicas: int) -> None:
        """Have so many replicas.

        Raises:
            ServerError: One more does not start; the others go on.
        """
        async with self._changing:
            self.wanted = replace(self.wanted, replicas=replicas, not_before=0.0)
            await self.settled()

    async def reload(self) -> None:
        """Replace every replica by one of the code, packages and configuration of now.

        How many there are stays, unless the configuration says something else than it did.

        Raises:
            SurefootError: There is something wrong with them; the old ones go on.
        """
        async with self._changing:
            number = max(self._releases) + 1
            directory = self.release.directory
            release = await asyncio.to_thread(find_release, number, directory, self._flags)
            self._check(release)
            await self.traffic.configure(release.config)
            self._releases[number] = release
            configured, before = (r.config.server.replicas for r in (release, self.release))
            replicas = configured if configured != before else self.wanted.replicas
            self.wanted = _wanted(release, replicas)
            try:
                await self.settled()
            except ServerError:
                await self.traffic.configure(self.release.config)
                raise
            self.release = release
            self._releases = {number: release}

    def adopt(self, known: ReplicaRecord) -> None:
        """Take over a replica that another supervisor has started."""
        unit = self._unit(known.name, self.release)
        unit.recall(known)
        self.units[unit.name] = unit
        if unit.state is not State.STARTING:
            self._proven.add(unit.release)
        unit.adopt(known.process, self)

    @contextlib.contextmanager
    def telling(self, say: Callable[[str], None]) -> Iterator[None]:
        """Tell somebody else too what happens, as long as the block runs."""
        self._told.append(say)
        try:
            yield
        finally:
            self._told.remove(say)

    def _check(self, release: Release) -> None:
        """Refuse what cannot change while the sockets are held."""
        now, then = self.release.config.balancer, release.config.balancer
        for name in ("kind", "listen"):
            if getattr(now, name) != getattr(then, name):
                raise ServerError(
                    f"[balancer] {name} is another one now, and cannot change while it runs",
                    do="surefoot stop, then surefoot run",
                )

    async def stop(self) -> None:
        """End everything, letting requests finish."""
        await self.traffic.end(self.wanted.drain)
        self.wanted = replace(self.wanted, replicas=0)
        await self.settled()

    def kill(self) -> None:
        """End everything now."""
        self.wanted = replace(self.wanted, replicas=0)
        for unit in self.units.values():
            unit.replica.kill()
        self._changed.set()

    # --- The loop ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until nothing is wanted and nothing is left."""
        while self.wanted.replicas or self.units:
            await self._look()
            members = [unit.member for unit in self.units.values()]
            actions = decide(self.wanted, members, time.monotonic())
            for action in actions:
                try:
                    await self._do(action)
                except BalancerError as error:
                    # Nothing was done: it is decided again.
                    self._note(error.message)
                    await asyncio.sleep(_PAUSE)
            self._settle()
            self._save()
            # What was done may be followed by more at once; the others' turn comes in between.
            await asyncio.sleep(0)
            if not actions:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_REST if self._at_rest else _PAUSE):
                        await self._changed.wait()
            self._changed.clear()
        self._over = True
        self._settle()

    @property
    def _at_rest(self) -> bool:
        """Whether all is as it is wanted."""
        units = self.units.values()
        there = [u for u in units if u.state is State.UP and u.release == self.wanted.release]
        return len(there) == len(units) == self.wanted.replicas and not any(
            unit.outdated for unit in units
        )

    async def _look(self) -> None:
        for unit in list(self.units.values()):
            if unit.state is State.DRAINING:
                unit.idle = await self.traffic.idle(unit)
            self._follow(unit)

    async def _do(self, action: Action) -> None:
        if isinstance(action, Start):
            try:
                self._start(self._releases[action.release])
            except OSError as error:
                self._cannot_start(action.release, error)
            return
        unit = self.units.get(action.name)
        if unit is None:
            # It died since that was decided.
            return
        if isinstance(action, Drain):
            await self.traffic.drain(unit)
            unit.becomes(State.DRAINING)
            unit.idle = await self.traffic.idle(unit)
        elif isinstance(action, Stop):
            await self.traffic.remove(unit)
            unit.becomes(State.STOPPING)
            unit.replica.terminate()
        elif isinstance(action, Kill):
            unit.becomes(State.STOPPING)
            await asyncio.to_thread(unit.replica.kill)

    def _start(self, release: Release) -> None:
        self._number += 1
        unit = self._unit(f"r{self._number}", release)
        unit.start(self.traffic.shared(), self)
        self.units[unit.name] = unit

    def _unit(self, name: str, release: Release) -> Unit:
        application, directory = release.application, self._place.directory
        site = Site(application, release.served, directory, self.record.mark)
        told = worker_environment(application, release.config, name, "", every=False)
        replica = Replica(name, site, told, ready=release.ready)
        return Unit(replica, release.number, release.slots)

    def _settle(self) -> None:
        """Tell who waits for what is wanted that it is there."""
        if self._at_rest:
            self._good = self.wanted
            for future in self._waiting:
                if not future.done():
                    future.set_result(None)
            self._waiting.clear()

    def _save(self) -> None:
        members = tuple(r for unit in self.units.values() if (r := unit.record) is not None)
        record = replace(
            self.record,
            supervisor=identity(os.getpid()),
            balancer=self.traffic.process,
            replicas=self.wanted.replicas,
            release=self.wanted.release,
            number=self._number,
            members=members,
        )
        if record != self.record:
            save(self._place.state, record)
            self.record = record

    # --- What units tell --------------------------------------------------------------------------

    async def ready(self, unit: Unit) -> None:
        """It is ready for requests."""
        try:
            await self.traffic.add(unit)
        except BalancerError as error:
            unit.how = error.message
            unit.replica.kill()
            return
        if unit.state is State.STARTING:
            unit.becomes(State.UP)
            self._proven.add(unit.release)
            self._tell(unit, "up")
        self._changed.set()

    async def gone(self, unit: Unit, how: str) -> None:
        """No process of it is left."""
        del self.units[unit.name]
        self._changed.set()
        self._follow(unit)
        # What it is not told it finds out: the process is gone.
        with contextlib.suppress(BalancerError):
            await self.traffic.remove(unit)
        if unit.state in {State.DRAINING, State.STOPPING}:
            self._tell(unit, "stopped")
        elif unit.release in self._proven:
            self._lives = self._lives.ended(
                time.monotonic() - unit.since, was_up=unit.state is State.UP
            )
            self.wanted = replace(self.wanted, not_before=time.monotonic() + self._lives.delay)
            self.restarts += 1
            self._tell(unit, "died", how)
            if self._waiting and self._lives.never_up >= NEVER_UP:
                self._give_up(_failed(unit, how))
        else:
            self._tell(unit, "gave up", how)
            self._give_up(_failed(unit, how))

    def _cannot_start(self, release: int, error: OSError) -> None:
        what = error.filename or "a process"
        told = ServerError(
            f"{what} cannot be made or started: {error.strerror}",
            do="check that there is room and that no limit on processes or files is reached",
        )
        self.wanted = replace(self.wanted, not_before=time.monotonic() + _REST)
        self._note(told.message)
        if release not in self._proven:
            self._give_up(told)

    def _give_up(self, error: ServerError) -> None:
        """Want what was there before: what is wanted has never been ready."""
        self.wanted = self._good if self._good.release in self._proven else self._nothing
        for future in self._waiting:
            if not future.done():
                future.set_exception(error)
        self._waiting.clear()

    @property
    def _nothing(self) -> Wanted:
        return replace(self.wanted, replicas=0)

    def _follow(self, unit: Unit) -> None:
        for line in unit.replica.output.fresh():
            self._tell(unit, "output", line)

    def _tell(self, unit: Unit, what: str, text: str = "") -> None:
        self._pass_on(Event(unit.name, what, text))

    def _note(self, text: str) -> None:
        self._pass_on(Event("surefoot", "output", text))

    def _pass_on(self, event: Event) -> None:
        # Who watches may have lost its terminal; what runs does not depend on it.
        with contextlib.suppress(OSError):
            self._watch(event)
        for say in self._told if event.what != "output" else ():
            say(sentence(event))


def _wanted(release: Release, replicas: int) -> Wanted:
    grace = release.config.server.graceful_timeout
    return Wanted(replicas, release.number, drain=grace, grace=grace)


def _failed(unit: Unit, how: str) -> ServerError:
    lines = unit.replica.output.tail(_TAIL)
    cause = raised(unit.replica.output.tail(_SEARCHED))
    said = "".join(f"\n  | {line}" for line in lines)
    words = "the application's own last words are above" if lines else "it printed nothing"
    told = f"replica {unit.name} was never ready: {how}" + (f": {cause}" if cause else "")
    return ServerError(told + said, do=words)
