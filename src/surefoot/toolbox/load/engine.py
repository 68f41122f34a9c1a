"""Everything one worker process holds: the pools, the compiled workload, the users."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from surefoot.toolbox.load.connection import Connection
from surefoot.toolbox.load.exchange import Exchange
from surefoot.toolbox.load.journey import PreparedFlow
from surefoot.toolbox.load.login import AT_ONCE, log_in
from surefoot.toolbox.load.messages import Done, Go, Open
from surefoot.toolbox.load.observation import Observed
from surefoot.toolbox.load.observer import CountedConnection, Observer, Received
from surefoot.toolbox.load.pool import Pool
from surefoot.toolbox.load.prepared import Prepared
from surefoot.toolbox.load.run import Run
from surefoot.toolbox.load.schedule import Closed, Schedule, due_times
from surefoot.toolbox.load.users import DataSource, User
from surefoot.toolbox.load.workload import Flow

__all__ = ["Engine"]

_SWEEP: Final = 0.1
_STOP_GRACE: Final = 0.5


class Engine:
    """Sends requests from one process.

    Args:
        order: What to send and where to.
    """

    def __init__(self, order: Open) -> None:
        workload = order.workload
        self._order = order
        draw = random.Random(f"{order.seed}-{order.index}")  # noqa: S311  # test data, no secrets
        self._draw = draw
        self._data = DataSource(workload, draw)
        received = Received()
        connection = partial(CountedConnection, received=received) if order.observe else Connection
        self._pools = [
            Pool(address, order.connections, order.timeout, connection)
            for address in order.addresses
        ]
        self._observer = Observer(order.observe, self._pools, received) if order.observe else None
        self._submit = self._submitter()
        names = {name: index for index, name in enumerate(workload.requests)}
        self._flows = [self._prepared(flow, names) for flow in workload.flows]
        self._login = [self._prepared(flow, names) for flow in workload.login]
        self._shared = User()
        self._users: list[User] = []
        self.run: Run | None = None

    async def log_in(self) -> int:
        """Make this process's share of the users, logged in; returns how many.

        Raises:
            LoginError: One could not log in.
        """
        order = self._order
        flows = order.workload.login
        numbers = range(order.index, order.workload.users, order.of)
        self._users = [User(self._data.of_user(number, flows), number) for number in numbers]
        sweeper = asyncio.create_task(self._sweep())
        try:
            users = dict(zip(numbers, self._users, strict=True))
            # One after the other, the same requests come in the same order every time.
            in_order = self._observer is not None and self._observer.in_order
            at_once = 1 if in_order else AT_ONCE
            await log_in(users, self._login, self._submit, self._draw, at_once)
        finally:
            sweeper.cancel()
        return len(self._users)

    def prepare(self, go: Go) -> None:
        """Make the next run, so that it can be stopped from now on.

        A run's seed decides every value that is drawn in it, whatever ran before: two applications
        given runs of one seed are asked the same in the same order.
        """
        self._draw.seed(f"{go.seed}-{self._order.index}")
        if self._observer is not None:
            self._observer.begin(go.seed, go.judge)
        self.run = Run(
            self._submit, self._data, self._draw, self._users, self._shared, go.start,
            self._order.timeout,
        )  # fmt: skip

    async def execute(self, go: Go) -> Done:
        """The run that was prepared, from its start to the end of its last answer."""
        run = self.run
        assert run is not None
        before = [pool.retries for pool in self._pools]
        sweeper = asyncio.create_task(self._sweep())
        try:
            if isinstance(go.plan, Closed):
                await self._warm(self._share(go.plan.population))
            cpu = time.process_time()
            await self._play(run, go)
        finally:
            sweeper.cancel()
        for pool in self._pools:
            pool.abandon()
        return Done(
            seconds=time.monotonic() - go.start,
            cpu=time.process_time() - cpu,
            busy=(run.until[1] - cpu) / max(run.until[0] - go.start, 1e-3),
            unsent=run.unsent,
            no_user=run.no_user,
            retries=sum(p.retries - b for p, b in zip(self._pools, before, strict=True)),
            connections=sum(pool.size for pool in self._pools),
            abandoned=run.open,
            precision=run.precision,
            observed=self._observer.take() if self._observer is not None else Observed(),
        )

    def stop(self) -> None:
        """End the run early."""
        if self.run is not None:
            self.run.stop(_STOP_GRACE)

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            pool.close()

    def _submitter(self) -> Callable[[Exchange], None]:
        if self._observer is not None:
            return self._observer.submit
        if len(self._pools) == 1:
            return self._pools[0].submit
        turn = itertools.cycle(self._pools)
        return lambda exchange: next(turn).submit(exchange)

    async def _play(self, run: Run, go: Go) -> None:
        order = self._order
        if isinstance(go.plan, Closed):
            flows = self._mix(go.seed + order.index)
            flows = itertools.chain(self._flows * go.plan.each, flows) if go.plan.each else flows
            population, requests = go.plan.population, go.plan.requests
            # Requests are shared among those processes that have any in flight.
            part = None if requests is None else self._share(requests, population)
            await run.hold(self._share(population), flows, go.plan.seconds, part)
            return
        # Every process draws the whole schedule and takes every nth arrival: the same arrivals
        # whatever the number of processes.
        plan: Schedule = go.plan.scaled(order.workload.arrivals_per_request)
        dues = itertools.islice(due_times(plan, go.seed), order.index, None, order.of)
        flows = itertools.islice(self._mix(go.seed + 1), order.index, None, order.of)
        await run.follow(dues, flows, plan.length)

    async def _warm(self, population: int) -> None:
        # A slot's first request must not pay for its connection.
        each = -(-population // len(self._pools))
        for pool in self._pools:
            await pool.warm(each)

    def _mix(self, seed: int) -> Iterator[PreparedFlow]:
        if len(self._flows) == 1:
            return itertools.repeat(self._flows[0])
        # A session of n requests arrives at 1/n of its share of the requests.
        weights = [flow.flow.weight / len(flow.steps) for flow in self._flows]
        cumulated = list(itertools.accumulate(weights))
        draw = random.Random(seed)  # noqa: S311  # a mix of requests, no secrets
        return (draw.choices(self._flows, cum_weights=cumulated)[0] for _ in itertools.count())

    def _share(self, whole: int, among: int | None = None) -> int:
        index, of = self._order.index, min(self._order.of, among or self._order.of)
        return whole // of + (index < whole % of) if index < of else 0

    def _prepared(self, flow: Flow, names: dict[str, int]) -> PreparedFlow:
        host = self._order.addresses[0].header
        steps = [
            Prepared(
                step, names.get(step.name, 0), host,
                stamp=self._order.stamp, whole=self._observer is not None,
            )
            for step in flow.steps
        ]  # fmt: skip
        has_user = flow.as_user and self._order.workload.users > 0
        return PreparedFlow(flow, steps, self._data.tables(flow), has_user=has_user)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP)
            now = time.monotonic()
            # Those who wait go first: a user whose request expires must not take up one of them.
            if self.run is not None:
                self.run.expire(now)
            for pool in self._pools:
                pool.expire(now)
