"""HAProxy before the replicas; when its process dies another takes the same sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from surefoot.config import Config
from surefoot.errors import BalancerError
from surefoot.toolbox.balancer.haproxy import HAProxy
from surefoot.toolbox.balancer.process import connections, threads
from surefoot.toolbox.balancer.values import Balancing, Server
from surefoot.toolbox.process.known import Identity
from surefoot.toolbox.process.table import MARK
from surefoot.toolbox.serving.place import Place
from surefoot.toolbox.serving.unit import Unit
from surefoot.toolbox.stack.restart import Lives

__all__ = ["Balanced"]

_PAUSE: Final = 1.0


class Balanced:
    """Requests are dealt out by HAProxy, to those replicas that are ready.

    Args:
        place: The project's run directory.
        config: Its configuration.
        fronts: The held sockets.
        mark: What the environment of the project's processes holds; HAProxy's holds nothing else.
        tell: Told what becomes of HAProxy.
    """

    def __init__(
        self,
        place: Place,
        config: Config,
        fronts: Iterable[socket.socket],
        mark: str,
        tell: Callable[[str], None],
    ) -> None:
        self._haproxy = HAProxy(place.directory, {MARK: mark})
        self._balancing = _balancing(config)
        self._fronts = tuple(fronts)
        self._tell = tell
        self._servers: dict[str, Server] = {}
        self._lock = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None

    @property
    def process(self) -> Identity | None:
        """HAProxy's; ``None`` before the first replica is ready."""
        return self._haproxy.process

    def shared(self) -> tuple[int, ...]:
        """None: HAProxy alone accepts from the held sockets."""
        return ()

    async def adopt(self, known: Identity | None, units: Iterable[Unit]) -> None:
        """Go on with what another supervisor has started.

        Raises:
            BalancerError: HAProxy is not there any more, and does not start.
        """
        self._servers = {unit.name: unit.server for unit in units}
        if known is not None and await self._haproxy.adopt(known, self._balancing):
            self._watch()
        elif self._servers:
            await self._start()

    async def configure(self, config: Config) -> None:
        """Deal requests out as this says from now on.

        Raises:
            BalancerError: It is refused; what was said before holds.
        """
        before, self._balancing = self._balancing, _balancing(config)
        if self._balancing == before or self.process is None:
            return
        async with self._lock:
            try:
                await self._start()
            except BalancerError:
                self._balancing = before
                raise

    async def add(self, unit: Unit) -> None:
        """Send requests to this one too; returns when it gets its share.

        Raises:
            BalancerError: HAProxy does not start, or its checks of this one fail.
        """
        async with self._lock:
            # One that starts anew has to know all others, and this one if nobody else is up.
            if self.process is None:
                self._servers[unit.name] = unit.server
                await self._start()
                return
        try:
            await self._haproxy.add(unit.server)
        except BalancerError:
            if self.process is not None:
                raise
            # It died meanwhile: its successor is told, or takes it from here.
            async with self._lock:
                self._servers[unit.name] = unit.server
                await self._start()
            return
        self._servers[unit.name] = unit.server

    async def drain(self, unit: Unit) -> None:
        """Send it no new ones.

        Raises:
            BalancerError: HAProxy lives and was not told: it still sends it some.
        """
        self._servers.pop(unit.name, None)
        with self._unless_dead():
            await self._haproxy.drain(unit.name)

    async def idle(self, unit: Unit) -> bool:
        """Whether no request is on its way through it; with HAProxy's process they are gone."""
        try:
            found = (await self._haproxy.status()).server(unit.name)
        except BalancerError:
            return self.process is None
        return found is None or not found.sessions

    async def remove(self, unit: Unit) -> None:
        """Forget it.

        Raises:
            BalancerError: HAProxy lives and was not told.
        """
        self._servers.pop(unit.name, None)
        with self._unless_dead():
            await self._haproxy.remove(unit.name)

    @contextmanager
    def _unless_dead(self) -> Iterator[None]:
        """What is not said to one that has died its successor need not be told."""
        try:
            yield
        except BalancerError:
            if self.process is not None:
                raise

    async def end(self, seconds: float) -> None:
        """Take no more requests, and finish those that are under way."""
        if self._watching is not None:
            self._watching.cancel()
        await self._haproxy.stop(seconds)

    def leave(self) -> None:
        """Let it live on without us."""
        if self._watching is not None:
            self._watching.cancel()

    async def _start(self) -> None:
        await self._begin()
        self._watch()

    async def _begin(self) -> None:
        fronts = [front.fileno() for front in self._fronts]
        await self._haproxy.start(self._balancing, fronts, list(self._servers.values()))

    def _watch(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._watching = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        """Start another one whenever it has died."""
        lives = Lives()
        while True:
            began = time.monotonic()
            await self._haproxy.ended()
            lives = lives.ended(time.monotonic() - began, was_up=True)
            self._tell("HAProxy died and is started again")
            try:
                async with self._lock:
                    if self.process is None:
                        await self._begin()
            except BalancerError as error:
                self._tell(f"HAProxy does not start again: {error.message}")
                await asyncio.sleep(max(lives.delay, _PAUSE))


def _balancing(config: Config) -> Balancing:
    return Balancing.of(config, connections=connections(), threads=threads())
