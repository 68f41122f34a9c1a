"""Logs every user in before anything is measured."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from surefoot.toolbox.load.answer import Answer
from surefoot.toolbox.load.exchange import Exchange
from surefoot.toolbox.load.journey import Journey, PreparedFlow
from surefoot.toolbox.load.run import learn
from surefoot.toolbox.load.template import Missing
from surefoot.toolbox.load.users import User

__all__ = ["AT_ONCE", "LoginError", "log_in"]

AT_ONCE: Final = 8  # password hashes are slow on purpose; more at once would only time out


class LoginError(Exception):
    """A user could not log in; the message says at which request and why."""


async def log_in(
    users: Mapping[int, User],
    flows: Sequence[PreparedFlow],
    submit: Callable[[Exchange], None],
    draw: random.Random,
    at_once: int = AT_ONCE,
) -> None:
    """Do all ``flows`` once as each of ``users``, which have numbers from 0, some ``at_once``.

    Raises:
        LoginError: A request was answered otherwise than expected, or not at all.
    """
    gate = asyncio.Semaphore(at_once)

    async def one(number: int, user: User) -> None:
        async with gate:
            for flow in flows:
                await _do(number, Journey(flow, user, {}), submit, draw)

    # The first failure is enough: whoever called gives up on all of them.
    await asyncio.gather(*(one(number, user) for number, user in users.items()))


async def _do(
    number: int, journey: Journey, submit: Callable[[Exchange], None], draw: random.Random
) -> None:
    loop = asyncio.get_running_loop()
    for prepared in journey.flow.steps:
        waiter = _Waiter(loop.create_future())
        now = time.monotonic()
        try:
            payload = prepared.render(journey.values, draw, journey.user.jar)
        except Missing as missing:
            raise LoginError(f"{prepared.name} has no value for {missing}") from None
        submit(Exchange(waiter, prepared, now, 0.0, payload, journey))
        status, error, answer = await waiter.outcome
        if not error and status not in prepared.accepted:
            error = f"answered {status}"
        if answer is not None:
            error = learn(journey, answer, error)
        if error:
            raise LoginError(f"user {number + 1} could not log in: {prepared.name}: {error}")
        journey.step += 1


class _Waiter:
    def __init__(self, outcome: asyncio.Future[tuple[int, str, Answer | None]]) -> None:
        self.outcome = outcome

    def ended(self, exchange: Exchange, status: int, error: str, answer: Answer | None) -> None:  # noqa: ARG002  # the owner's interface
        if not self.outcome.done():
            self.outcome.set_result((status, error, answer))
