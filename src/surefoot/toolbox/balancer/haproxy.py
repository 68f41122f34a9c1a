"""One HAProxy before the replicas, and every change of it while requests come.

Its process can die, and be started again on the same listening sockets, as they are held by
somebody else. No process reads a configuration twice: another one takes over from it, and it
finishes what it has begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

from surefoot.errors import BalancerError
from surefoot.toolbox.balancer.configuration import BACKEND, parameters, token
from surefoot.toolbox.balancer.process import Process, adopted, files, program, started
from surefoot.toolbox.balancer.runtime import Reason, RefusedError
from surefoot.toolbox.balancer.values import Balancing, Server, State, Status, server_name
from surefoot.toolbox.process.known import Identity

__all__ = ["HAProxy"]

_UP_SECONDS: Final = 10.0
"""For the first check: it comes within a second and may take two, and one may fail."""
_EMPTY_SECONDS: Final = 0.5
"""For the idle connections of a server in maintenance, which HAProxy closes by and by."""
_POLL: Final = 0.02


class HAProxy:
    """The one before the replicas of a project.

    Args:
        directory: The run directory, mode 0700; its path is short and needs no quotes.
        environment: Of its processes.

    Raises:
        BalancerError: HAProxy is not installed.
    """

    def __init__(
        self, directory: Path, environment: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        program()
        self._directory = directory
        self._environment = environment
        self._process: Process | None = None
        self._former: list[Process] = []
        self._balancing = Balancing()

    @property
    def process(self) -> Identity | None:
        """The process that takes requests; ``None`` while there is none."""
        return self._process.who if self._process else None

    async def ended(self) -> None:
        """Until the process that takes requests has ended; at once where there was none."""
        if self._process is not None:
            await self._process.ended()

    # --- Processes --------------------------------------------------------------------------------

    async def start(
        self, balancing: Balancing, fronts: Sequence[int], servers: Sequence[Server]
    ) -> None:
        """Start a process; the one that ran so far, if any, finishes its requests and ends.

        Args:
            balancing: How requests are dealt out.
            fronts: Listening sockets; they stay open whatever becomes of the process.
            servers: The replicas that are ready.

        Raises:
            BalancerError: The configuration is refused, or the process does not come up. The one
                that ran so far goes on.
        """
        process = await started(self._directory, balancing, fronts, servers, self._environment)
        if self._process is not None:
            self._process.retire()
            self._former = [former for former in (*self._former, self._process) if former.who]
        self._use(process, balancing)

    async def adopt(self, who: Identity, balancing: Balancing) -> bool:
        """Go on with a process that another supervisor has started.

        Args:
            who: That process.
            balancing: How it deals requests out.

        Returns:
            Whether it is there and answers.
        """
        process = await adopted(self._directory, who)
        if process is not None:
            self._use(process, balancing)
        return process is not None

    def _use(self, process: Process, balancing: Balancing) -> None:
        self._process = process
        self._balancing = balancing
        for each in files(self._directory):
            if each.socket != process.files.socket:
                # One that has retired takes no commands, and has read the rest.
                each.remove()

    async def stop(self, seconds: float) -> None:
        """Take no more requests, finish those that are under way, and end.

        Args:
            seconds: How long they may take.
        """
        with suppress(BalancerError, TimeoutError):
            async with asyncio.timeout(seconds):
                if self._process is not None and self._process.who:
                    await self._process.finish()
                for former in self._former:
                    await former.ended()
        self.kill()

    def kill(self) -> None:
        """End every process of it now."""
        for former in self._former:
            former.kill()
        if self._process is not None:
            self._process.kill()
            self._process.files.remove()

    # --- Servers ----------------------------------------------------------------------------------

    async def status(self) -> Status:
        """What it thinks of the replicas.

        Raises:
            BalancerError: It does not answer.
        """
        return await self._running.runtime.status()

    async def add(self, server: Server) -> None:
        """Send requests to this one too; returns once it gets its full share.

        Raises:
            BalancerError: HAProxy does not answer, or its checks of this one fail; then it gets no
                requests.
        """
        # Where nobody else is up, there is nobody to take the rest.
        ramp = any(each.takes_requests for each in (await self.status()).servers)
        words = parameters(server, self._balancing, ramp=ramp)
        try:
            await self._tell("add server", server.name, words)
            await self._tell("enable health", server.name)
            await self.ready(server.name)
            await self._until_up(server.name, self._balancing.slow_start if ramp else 0.0)
        except BaseException:
            with suppress(BalancerError):
                await self.remove(server.name)
            raise

    async def drain(self, name: str) -> None:
        """Send it no new requests, and let it finish those that it has.

        Raises:
            BalancerError: HAProxy does not answer, or does not know it.
        """
        await self._forget(name)
        await self._tell("set server", name, "state drain")

    async def ready(self, name: str) -> None:
        """Send it requests again.

        Raises:
            BalancerError: HAProxy does not answer, or does not know it.
        """
        await self._tell("set server", name, "state ready")
        if self._balancing.algorithm == "sticky":
            tokens = self._running.files.tokens
            await self._running.runtime.tell(f"add map {tokens} {token(name, tokens)} {name}")

    async def weigh(self, name: str, weight: int) -> None:
        """Give it another share of the requests, at once.

        Args:
            name: Which one.
            weight: Beside the others', 0 to 256.

        Raises:
            BalancerError: HAProxy does not answer, or does not know it.
        """
        await self._tell("set server", name, f"weight {weight:d}")

    async def remove(self, name: str) -> None:
        """Send it nothing more, close the idle connections to it, and forget it.

        Requests that it still has go on; then it is forgotten when the next one is removed.

        Raises:
            BalancerError: HAProxy does not answer.
        """
        try:
            await self._forget(name)
            await self._tell("set server", name, "state maint")
        except RefusedError as error:
            if error.reason is not Reason.UNKNOWN:
                raise
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_EMPTY_SECONDS):
                while name in await self._swept():  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(_POLL)

    async def _swept(self) -> set[str]:
        """Delete the servers in maintenance that have nothing left; the names of the others."""
        servers = (await self.status()).servers
        names = {each.name for each in servers if each.state is State.MAINTENANCE}
        return {name for name in names if not await self._deleted(name)}

    async def _deleted(self, name: str) -> bool:
        try:
            await self._tell("del server", name)
        except RefusedError as error:
            return error.reason is Reason.UNKNOWN
        return True

    async def _forget(self, name: str) -> None:
        """Let nobody stick to it."""
        if self._balancing.algorithm != "sticky":
            return
        tokens = self._running.files.tokens
        try:
            await self._running.runtime.tell(f"del map {tokens} {token(name, tokens)}")
        except RefusedError as error:
            if error.reason is not Reason.UNKNOWN:
                raise

    async def _until_up(self, name: str, ramp: float) -> None:
        check = "it never came"
        with suppress(TimeoutError):
            async with asyncio.timeout(_UP_SECONDS + ramp):
                while found := (await self.status()).server(name):
                    check = found.check
                    if found.state is State.UP and found.ramp == 100:
                        return
                    if found.state is State.DOWN:
                        break
                    await asyncio.sleep(_POLL)
        raise BalancerError(
            f"{name} does not pass HAProxy's check: {check}",
            do="look at what the application's own checks say of it",
        )

    async def _tell(self, verb: str, name: str, what: str = "") -> None:
        command = f"{verb} {BACKEND}/{server_name(name)} {what}"
        await self._running.runtime.tell(command.rstrip())

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise BalancerError("HAProxy was not started")
        return self._process
