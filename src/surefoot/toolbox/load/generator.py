"""The load generator as its user sees it: processes that live for a while, and runs on them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from surefoot.errors import RefusedError, ServerError, UsageError
from surefoot.toolbox.load.address import Address, parse_address, require_loopback
from surefoot.toolbox.load.messages import Chunk, Done, Failed, Go, Message, Open, Ready, Stop
from surefoot.toolbox.load.observation import Judge, Observation
from surefoot.toolbox.load.process import SendingProcess
from surefoot.toolbox.load.result import LoadResult, Progress
from surefoot.toolbox.load.schedule import Closed, Schedule
from surefoot.toolbox.load.tally import Tally
from surefoot.toolbox.load.workload import Workload

__all__ = ["Generator"]

_LEAD: Final = 0.05  # for the order to reach every process before the first request is due
_REPORT: Final = 0.5
_CONNECT_PATIENCE: Final = 5.0
_STOP_PATIENCE: Final = 5.0


class Generator:
    """Sends a workload on a schedule.

    Used as ``async with``: its processes start, users log in, and several runs may follow.

    Args:
        workload: What to send.
        addresses: ``"http://host:port"`` or ``"unix:/path"``; requests go to them in turn.
        processes: How many processes send.
        seed: Arrivals, mix and drawn values are the same for the same seed.
        timeout: Seconds from being due after which a request counts as timed out.
        stamp: Whether requests carry ``X-Request-Start``.
        connections: How many connections one process may hold open.
        latency: The SLO's latency in seconds, against which the generator's own lag is judged.
        owned: Whether hosts other than this machine may be loaded.
        observe: What runs remember of the answers; nothing by default.

    Raises:
        UsageError: An address is none, or is not this machine.
        ServerError: Nothing listens at an address.
        RefusedError: A user could not log in.
    """

    def __init__(
        self,
        workload: Workload,
        addresses: Sequence[str],
        *,
        processes: int = 1,
        seed: int = 1,
        timeout: float = 10.0,
        stamp: bool = False,
        connections: int = 4000,
        latency: float = 0.250,
        owned: bool = False,
        observe: Observation | None = None,
    ) -> None:
        if not addresses:
            raise UsageError("there is no address to send to")
        self._workload = workload
        self._addresses = tuple(parse_address(text) for text in addresses)
        if not owned:
            require_loopback(self._addresses)
        self._seed = seed
        self._timeout = timeout
        self._stamp = stamp
        self._connections = connections
        self._latency = latency
        self._observe = observe
        self._judge: Judge | None = None
        count = max(1, min(processes, workload.users or processes))
        self._processes = [SendingProcess() for _ in range(count)]
        self._runs = 0

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the sending processes."""
        return tuple(process.pid for process in self._processes)

    async def __aenter__(self) -> Self:
        self._addresses = tuple([await _reached(address) for address in self._addresses])
        try:
            for process in self._processes:
                await process.start()
            self._open()
            for process in self._processes:
                _check_ready(await process.receive())
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    async def run(
        self,
        plan: Schedule | Closed,
        *,
        progress: Callable[[Progress], None] | None = None,
        stop: asyncio.Event | None = None,
        seed: int | None = None,
    ) -> LoadResult:
        """One run, from its first request to its last answer.

        Args:
            plan: An open or a closed model.
            progress: Called twice a second.
            stop: Ends the run early when set; what was measured is returned.
            seed: Of this run; by default each run of a generator has its own.

        Raises:
            ServerError: A sending process died.
        """
        self._runs += 1
        seed = self._seed * 1_000_003 + self._runs if seed is None else seed
        start = time.monotonic() + _LEAD
        tally = Tally(self._workload.requests, plan, start, seed)
        for process in self._processes:
            process.send(Go(plan, start, seed, self._judge))
        self._judge = None
        listeners = [
            asyncio.create_task(self._listen(process, tally.part(index)))
            for index, process in enumerate(self._processes)
        ]
        watchers = [asyncio.create_task(self._stop_when(stop, tally))] if stop else []
        if progress is not None:
            watchers.append(asyncio.create_task(_report(tally, progress)))
        try:
            await asyncio.gather(*listeners)
        except BaseException:
            # A run that was cut short leaves processes in a state nobody knows.
            await self._close()
            raise
        finally:
            for task in (*watchers, *listeners):
                task.cancel()
        return tally.result(self._latency)

    def judge_with(self, judge: Judge) -> None:
        """From the next run on, keep digests of the answers, made by ``judge``.

        Users stay logged in: some applications let nobody log in twice within a minute. The
        generator must have been made to observe.
        """
        self._judge = judge

    def _open(self) -> None:
        for index, process in enumerate(self._processes):
            order = Open(
                workload=self._workload,
                addresses=self._addresses,
                index=index,
                of=len(self._processes),
                seed=self._seed,
                timeout=self._timeout,
                connections=max(1, self._connections // len(self._addresses)),
                stamp=self._stamp,
                observe=self._observe,
            )
            process.send(order)

    async def _listen(self, process: SendingProcess, part: Callable[[Chunk | Done], None]) -> None:
        while True:
            message = await process.receive()
            if isinstance(message, Failed):
                raise ServerError(message.what, do=message.do)
            assert isinstance(message, Chunk | Done)
            part(message)
            if isinstance(message, Done):
                return

    async def _stop_when(self, stop: asyncio.Event, tally: Tally) -> None:
        await stop.wait()
        tally.interrupt()
        for process in self._processes:
            process.send(Stop())

    async def _close(self) -> None:
        await asyncio.gather(*(process.close() for process in self._processes))


def _check_ready(message: Message) -> None:
    if isinstance(message, Failed):
        raise RefusedError(message.what, do=message.do)
    assert isinstance(message, Ready)


async def _report(tally: Tally, progress: Callable[[Progress], None]) -> None:
    while True:
        await asyncio.sleep(_REPORT)
        progress(tally.progress())


class _Knock(asyncio.Protocol):
    """A connection that is closed as soon as it is open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


async def _reached(address: Address) -> Address:
    """The first of an address's numbers that takes a connection.

    A name is looked up once: doing so for every connection would cost more than the connection.

    Raises:
        ServerError: None does.
    """
    reason = "no answer"
    try:
        for candidate in await address.resolved():
            try:
                await candidate.connect(_Knock, _CONNECT_PATIENCE)
            except OSError as error:
                reason = os.strerror(error.errno) if error.errno else reason
            else:
                return candidate
    except OSError as error:
        reason = error.strerror or reason
    raise ServerError(
        f"nothing takes connections at {address}: {reason}",
        do="start the application first, or name another address",
    )
