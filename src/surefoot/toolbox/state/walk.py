"""Asks what a script says, one request after the other, each at its replica."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from surefoot.core.witness import MARK
from surefoot.toolbox.load import Workload
from surefoot.toolbox.load.address import parse_address
from surefoot.toolbox.load.answer import Answer
from surefoot.toolbox.load.exchange import Exchange
from surefoot.toolbox.load.journey import Journey, PreparedFlow
from surefoot.toolbox.load.observation import Answered
from surefoot.toolbox.load.pool import Pool
from surefoot.toolbox.load.prepared import Prepared
from surefoot.toolbox.load.run import learn
from surefoot.toolbox.load.template import Missing, Template
from surefoot.toolbox.load.users import DataSource, User
from surefoot.toolbox.load.workload import Request
from surefoot.toolbox.state.script import Step

__all__ = ["walk"]

_PATIENCE: Final = 10.0


async def walk(
    addresses: Sequence[str],
    steps: Sequence[Step],
    workload: Workload,
    *,
    seed: int,
    stop: asyncio.Event,
    seconds: float,
    patience: float = _PATIENCE,
) -> tuple[Answered, ...]:
    """Ask for every step; the same seed draws the same values.

    Args:
        addresses: Of the replicas, by their number in the script.
        steps: What to ask.
        workload: Where its data and users come from.
        seed: Of what is drawn.
        stop: Set, the walk ends early.
        seconds: How long it may take; what is left then is not asked.
        patience: Seconds that one answer may take.
    """
    host = parse_address(addresses[0]).header
    visitors = _Visitors(workload, seed)
    until = time.monotonic() + seconds
    answers: list[Answered] = []
    with _pools(addresses, patience) as pools:
        for number, step in enumerate(steps):
            if stop.is_set() or time.monotonic() > until:
                break
            prepared = Prepared(_marked(step.request, number), 0, host)
            journey = visitors.journey(step, prepared)
            # Drawn anew each time, so that what one request wrote is what the next one asks for.
            draw = random.Random(seed)  # noqa: S311 - values of a test, no secrets
            try:
                payload = prepared.render(journey.values, draw, journey.user.jar)
            except Missing as missing:
                answers.append(_answered(number, step, "", error=f"no value for {missing}"))
                continue
            waiter = _Waiter(asyncio.get_running_loop().create_future())
            exchange = Exchange(waiter, prepared, time.monotonic(), 0.0, payload, journey)
            pools[step.replica % len(pools)].submit(exchange)
            status, error, answer = await waiter.within(patience)
            if answer is not None and not error:
                # A capture that finds nothing is the application's answer too: the next will tell.
                learn(journey, answer, error)
            sent = b" ".join(payload[0].split(b" ", 2)[:2]).decode("latin-1")
            answers.append(_answered(number, step, sent, status, error, answer))
    return tuple(answers)


def _answered(
    number: int,
    step: Step,
    sent: str,
    status: int = 0,
    error: str = "",
    answer: Answer | None = None,
) -> Answered:
    body, packed = answer.unpacked() if answer is not None else (b"", False)
    return Answered(
        at=(number, 0),
        name=step.request.name,
        request=sent,
        who=str(step.visitor),
        replica=step.replica,
        status=status if answer is not None and not error else 0,
        headers=tuple(answer.headers) if answer is not None else (),
        body=body,
        error=error,
        packed=packed,
    )


def _marked(request: Request, number: int) -> Request:
    return replace(request, headers=(*request.headers, (MARK, Template((str(number),)))))


class _Visitors:
    """Whoever takes part: each keeps its cookies and values all the way through."""

    def __init__(self, workload: Workload, seed: int) -> None:
        self._workload = workload
        self._seed = seed
        self._users: dict[int, User] = {}

    def journey(self, step: Step, prepared: Prepared) -> Journey:
        """One request of its visitor's."""
        data = DataSource(self._workload, random.Random(self._seed))  # noqa: S311 - no secrets
        user = self._users.get(step.visitor)
        if user is None:
            known = step.visitor >= 0
            values = data.of_user(step.visitor, self._workload.login) if known else {}
            user = self._users[step.visitor] = User(values)
        tables = data.tables(step.flow)
        flow = PreparedFlow(step.flow, [prepared], tables, has_user=True)
        return Journey(flow, user, data.drawn(tables))


class _Waiter:
    def __init__(self, outcome: asyncio.Future[tuple[int, str, Answer | None]]) -> None:
        self.outcome = outcome

    async def within(self, seconds: float) -> tuple[int, str, Answer | None]:
        """How it ended, or that it took too long."""
        try:
            async with asyncio.timeout(seconds):
                return await self.outcome
        except TimeoutError:
            return 0, "time-out", None

    def ended(self, exchange: Exchange, status: int, error: str, answer: Answer | None) -> None:  # noqa: ARG002 - the owner's interface
        if not self.outcome.done():
            self.outcome.set_result((status, error, answer))


@contextmanager
def _pools(addresses: Sequence[str], patience: float) -> Iterator[list[Pool]]:
    pools = [Pool(parse_address(address), 4, patience) for address in addresses]
    try:
        yield pools
    finally:
        for pool in pools:
            pool.close()
