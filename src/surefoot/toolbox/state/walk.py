"""Asks what a script says, one request after the other, each at its replica."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from surefoot.core.witness import MARK
from surefoot.toolbox.load import Workload
from surefoot.toolbox.load.address import parse_address
from surefoot.toolbox.load.answer import Answer
from surefoot.toolbox.load.exchange import Exchange
from surefoot.toolbox.load.journey import Journey, PreparedFlow
from surefoot.toolbox.load.pool import Pool
from surefoot.toolbox.load.prepared import Prepared
from surefoot.toolbox.load.run import learn
from surefoot.toolbox.load.template import Missing, Template
from surefoot.toolbox.load.users import DataSource, User
from surefoot.toolbox.load.workload import Request
from surefoot.toolbox.state.script import Step

__all__ = ["Answered", "walk"]

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What one step of the script was answered."""

    name: str
    """As the workload calls the request."""
    sent: str
    """``"GET /books/7"``."""
    status: int
    """0 where there was no answer."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    error: str = ""
    """Why there was none, or what it should have held and did not."""


async def walk(
    addresses: Sequence[str],
    steps: Sequence[Step],
    workload: Workload,
    *,
    seed: int,
    stop: asyncio.Event,
    patience: float = _PATIENCE,
) -> tuple[Answered, ...]:
    """Ask for every step; the same seed draws the same values.

    Args:
        addresses: Of the replicas, by their number in the script.
        steps: What to ask.
        workload: Where its data and users come from.
        seed: Of what is drawn.
        stop: Set, the walk ends early.
        patience: Seconds that one answer may take.
    """
    host = parse_address(addresses[0]).header
    visitors = _Visitors(workload, seed)
    answers: list[Answered] = []
    with _pools(addresses, patience) as pools:
        for number, step in enumerate(steps):
            if stop.is_set():
                break
            prepared = Prepared(_marked(step.request, number), 0, host)
            journey = visitors.journey(step, prepared)
            # Drawn anew each time, so that what one request wrote is what the next one asks for.
            draw = random.Random(seed)  # noqa: S311 - values of a test, no secrets
            try:
                payload = prepared.render(journey.values, draw, journey.user.jar)
            except Missing as missing:
                answers.append(Answered(step.request.name, "", 0, error=f"no value for {missing}"))
                continue
            waiter = _Waiter(asyncio.get_running_loop().create_future())
            exchange = Exchange(waiter, prepared, time.monotonic(), 0.0, payload, journey)
            pools[step.replica % len(pools)].submit(exchange)
            answers.append(await _answered(waiter, step, journey, payload[0], patience))
    return tuple(answers)


async def _answered(
    waiter: _Waiter, step: Step, journey: Journey, head: bytes, patience: float
) -> Answered:
    sent = " ".join(head.split(b" ", 2)[i].decode("latin-1") for i in (0, 1))
    try:
        async with asyncio.timeout(patience):
            status, error, answer = await waiter.outcome
    except TimeoutError:
        return Answered(step.request.name, sent, 0, error="time-out")
    if answer is None or error:
        return Answered(step.request.name, sent, 0, error=error)
    # A capture that finds nothing is the application's answer too; the next step will tell.
    error = learn(journey, answer, error)
    return Answered(step.request.name, sent, status, tuple(answer.headers), _body(answer), error)


def _body(answer: Answer) -> bytes:
    packed = answer.header("content-encoding") in {"gzip", "deflate"}
    return answer.text().encode() if packed else bytes(answer.body)


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
