"""Starts an application's replicas, keeps them up, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from surefoot.config import Config, Settings
from surefoot.errors import ServerError, SurefootError
from surefoot.toolbox.process.child import alive, end
from surefoot.toolbox.stack.command import worker_environment
from surefoot.toolbox.stack.front import Front, HeldSocket, NoFront
from surefoot.toolbox.stack.keeper import START_SECONDS, Event, Keeper
from surefoot.toolbox.stack.output import raised
from surefoot.toolbox.stack.replica import Replica, Site
from surefoot.toolbox.target import Application

__all__ = ["Stack"]

_LOOK: Final = 0.1
_LONGEST_PATH: Final = 90
_TAIL: Final = 30
_SEARCHED: Final = 200


class Stack:
    """The replicas of one application, as an asynchronous context.

    Args:
        application: What ``find_application`` found.
        settings: Its configuration.
        records: Datagram socket that the workers' telemetry sends to; none turns it off.
        every: One record per request instead of sums only.
        listen: Address that users reach; without it there are only the replicas' own sockets, and
            nothing is found in the application's cache, or left there.
        watch: Called with everything that happens, the application's output included.
        witness: Directory with the list of lines to look for; the workers note there what they saw.

    Raises:
        ServerError: On entering: the address is taken, or a replica does not come up.
    """

    def __init__(
        self,
        application: Application,
        settings: Settings,
        *,
        records: Path | None = None,
        every: bool = False,
        listen: str | None = None,
        watch: Callable[[Event], None] | None = None,
        witness: Path | None = None,
    ) -> None:
        self.application = application
        self.config: Config = settings.config if listen else _apart(settings.config)
        self.replicas: tuple[Replica, ...] = ()
        self.environ_directory = Path()
        self._records = str(records) if records else ""
        self._every = every
        self._listen = listen
        self._watch = watch
        self._witness = str(witness) if witness else ""
        self._front: Front = NoFront()
        self._mark = ""
        self._tasks: list[asyncio.Task[None]] = []
        self._hurry = asyncio.Event()
        self.failure: asyncio.Future[SurefootError]

    @property
    def front(self) -> str:
        """``"127.0.0.1:8000"``, or empty."""
        return self._front.address

    def log_tail(self, count: int = _TAIL) -> str:
        """The last lines that the application printed, of all replicas."""
        return "\n".join(line for each in self.replicas for line in each.output.tail(count))

    def hurry(self) -> None:
        """Stop at once, or stop waiting for a graceful end that is under way."""
        self._hurry.set()

    async def __aenter__(self) -> Self:
        self.failure = asyncio.get_running_loop().create_future()
        self._front = HeldSocket(self._listen) if self._listen else NoFront()
        try:
            self.environ_directory = _run_directory()
            self._mark = self.environ_directory.name
            self.replicas = tuple(
                self._replica(str(number)) for number in range(self.config.server.replicas)
            )
            shared = self._front.descriptors()
            keepers = [Keeper(replica, shared, self._tell) for replica in self.replicas]
            async with asyncio.TaskGroup() as group:
                for keeper in keepers:
                    group.create_task(self._first_start(keeper))
        except BaseExceptionGroup as errors:
            await self._stop(0.0)
            raise _plain(errors.exceptions[0]) from None
        except OSError as error:
            await self._stop(0.0)
            raise _plain(error) from error
        except BaseException:
            await self._stop(0.0)
            raise
        self._tasks = [asyncio.create_task(self._keep_up(keeper)) for keeper in keepers]
        self._tasks.append(asyncio.create_task(self._follow()))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop(self.config.server.graceful_timeout)

    def _replica(self, name: str) -> Replica:
        site = Site(self.application, self.config, self.environ_directory, self._mark)
        told = worker_environment(
            self.application,
            self.config,
            name,
            self._records,
            every=self._every,
            witness=self._witness,
        )
        return Replica(name, site, told)

    def _tell(self, event: Event) -> None:
        # Who watches may have lost its terminal; what runs does not depend on it.
        if self._watch is not None:
            with suppress(OSError):
                self._watch(event)

    # --- Starting and keeping up ------------------------------------------------------------------

    async def _first_start(self, keeper: Keeper) -> None:
        """Tried once only: what does not come up now is a plain mistake."""
        if await keeper.start():
            return
        replica = keeper.replica
        text = f"did not answer within {START_SECONDS:.0f} s"
        if not replica.alive:
            text = "ended before its first answer"
        raise self._failed(replica, f"({self.application.server}) {text}")

    async def _keep_up(self, keeper: Keeper) -> None:
        try:
            how = await keeper.keep()
        except OSError as error:
            how = str(_plain(error))
        if not self.failure.done():
            text = f"dies as often as it is started ({how})"
            self.failure.set_result(self._failed(keeper.replica, text))

    def _failed(self, replica: Replica, text: str) -> ServerError:
        lines = replica.output.tail(_TAIL)
        cause = raised(replica.output.tail(_SEARCHED))
        said = "".join(f"\n  | {line}" for line in lines)
        words = "the application's own last words are above" if lines else "it printed nothing"
        text += f": {cause}" if cause else ""
        return ServerError(f"replica {replica.name} {text}{said}", do=words)

    async def _follow(self) -> None:
        while True:
            for replica in self.replicas:
                for line in replica.output.fresh():
                    self._tell(Event(replica.name, "output", line))
            await asyncio.sleep(_LOOK)

    # --- Stopping ---------------------------------------------------------------------------------

    async def _stop(self, grace: float) -> None:
        try:
            await self._stop_keeping()
            await self._stop_replicas(grace)
        finally:
            # Also when this very wait was interrupted: nothing is left behind.
            for replica in self.replicas:
                replica.kill()
            end(self._leaders(), self._mark)
            self._front.close()
            for replica in self.replicas:
                for line in replica.output.fresh():
                    self._tell(Event(replica.name, "output", line))
            if self._mark:
                shutil.rmtree(self.environ_directory, ignore_errors=True)

    def left_over(self) -> set[int]:
        """Processes of this stack that live although it has been stopped."""
        return alive(self._leaders(), self._mark)

    def _leaders(self) -> list[int]:
        return [replica.pid for replica in self.replicas if replica.pid]

    async def _stop_keeping(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _stop_replicas(self, grace: float) -> None:
        if not self.replicas or grace <= 0:
            return
        hurried = asyncio.create_task(self._hurry.wait())
        stopping = [asyncio.create_task(replica.stop(grace)) for replica in self.replicas]
        everyone = asyncio.create_task(asyncio.wait(stopping))
        try:
            await asyncio.wait([hurried, everyone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (hurried, everyone, *stopping):
                task.cancel()
            await asyncio.gather(hurried, everyone, *stopping, return_exceptions=True)


def _plain(error: BaseException) -> BaseException:
    if not isinstance(error, OSError):
        return error
    what = error.filename or "a process"
    return ServerError(
        f"{what} cannot be made or started: {error.strerror}",
        do="check that there is room and that the limits on processes and files are not reached",
    )


def _run_directory() -> Path:
    for base in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp makes it private
        if len(os.fsencode(base)) <= _LONGEST_PATH - len("/surefoot-12345678/123.sock"):
            return Path(tempfile.mkdtemp(prefix="surefoot-", dir=base))
    raise ServerError("there is no short directory for sockets", do="set TMPDIR to /tmp")


def _apart(config: Config) -> Config:
    """The same with a cache of its own.

    What is compared would else be answered by what the other has made, and users by either.
    """
    name = f"{config.cache.name} {secrets.token_hex(8)}"
    return replace(config, cache=replace(config.cache, name=name))
