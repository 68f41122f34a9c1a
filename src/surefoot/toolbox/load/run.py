"""One run in one process: starts what is due, follows sessions, records what became of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from surefoot.toolbox.load.answer import Answer, captured
from surefoot.toolbox.load.exchange import CONNECTION_ERROR, TIMED_OUT, Exchange
from surefoot.toolbox.load.journey import Journey, PreparedFlow
from surefoot.toolbox.load.pacer import Pacer
from surefoot.toolbox.load.pool import UNSENT
from surefoot.toolbox.load.prepared import Prepared
from surefoot.toolbox.load.samples import Samples
from surefoot.toolbox.load.template import Missing
from surefoot.toolbox.load.users import DataSource, User

__all__ = ["Run", "learn"]

_AFTER_REFUSAL: Final = 0.01  # a closed model must not spin on a server that refuses at once


class Run:
    """One run of a schedule or a closed model.

    Args:
        submit: Sends an exchange over the next address.
        data: Where flows get their rows.
        draw: Randomness of templates and think times.
        users: The users who are free; empty when the workload has none.
        shared: Values captured outside sessions and users.
        start: Instant (``time.monotonic``) at which the run starts.
        patience: Seconds after which what waits for a user is given up.

    Attributes:
        open: Flows under way.
        until: When the last arrival was started, and the process's CPU seconds at that moment.
    """

    def __init__(
        self,
        submit: Callable[[Exchange], None],
        data: DataSource,
        draw: random.Random,
        users: Sequence[User],
        shared: User,
        start: float,
        patience: float,
    ) -> None:
        self._submit = submit
        self._data = data
        self._draw = draw
        self._idle = deque(users)
        self._shared = shared
        self._start = start
        self._patience = patience
        self._waiting: deque[tuple[PreparedFlow, float, float]] = deque()
        self._samples = Samples()
        self._flows: Iterator[PreparedFlow] = iter(())
        self._end = float("inf")
        self._left = 0
        self._closed = False
        self._over = False
        self._done = asyncio.Event()
        self._pacer: Pacer | None = None
        self.open = 0
        self.until = (start, 0.0)
        self.errors: Counter[str] = Counter()
        self.unsent = 0
        self.no_user = 0
        self.precision = ""

    # --- The two models ---

    async def follow(
        self, dues: Iterator[float], flows: Iterator[PreparedFlow], length: float
    ) -> None:
        """Start ``flows`` at the instants ``start + dues``; returns when all have ended."""
        self._flows = flows
        self._end = self._start + length
        self._pacer = Pacer((self._start + due for due in dues), self._arrive)
        self._pacer.at(self._end, self._finish_arrivals)
        await self._drive(self._pacer)

    async def hold(
        self, population: int, flows: Iterator[PreparedFlow], seconds: float, requests: int | None
    ) -> None:
        """Keep ``population`` flows under way; returns when time or requests are used up."""
        self._flows = flows
        self._closed = True
        begin = max(self._start, time.monotonic())
        self._end = begin + seconds
        self._left = -1 if requests is None else requests
        self._over = self._over or population == 0
        self._pacer = Pacer(iter(()), self._arrive)
        self._pacer.at(self._end, self._finish_arrivals)
        for _ in range(population):
            self._pacer.at(begin, self._refill)
        await self._drive(self._pacer)

    def stop(self, grace: float) -> None:
        """Start nothing more, and end after ``grace`` seconds whatever is still in flight."""
        self._over = True
        if self._pacer is not None:
            self._pacer.clear()
            self.open -= len(self._waiting)
            self._waiting.clear()
            self._finish_arrivals(time.monotonic())
            asyncio.get_running_loop().call_later(grace, self._done.set)

    def take(self) -> Samples:
        """The samples since the last call."""
        taken, self._samples = self._samples, Samples()
        return taken

    def expire(self, now: float) -> None:
        """Give up on arrivals that found no idle user in time."""
        late = now - self._patience
        while self._waiting and self._waiting[0][1] < late:
            flow, due, lag = self._waiting.popleft()
            self.no_user += 1
            exchange = Exchange(self, flow.steps[0], due, lag, (b"", b""))
            self.ended(exchange, TIMED_OUT, UNSENT, None)

    async def _drive(self, pacer: Pacer) -> None:
        self.precision = pacer.precision
        try:
            if not self._over:  # it may have been stopped while connections were opened
                pacer.start()
                await self._done.wait()
        finally:
            pacer.close()
            self._pacer = None

    # --- Arrivals ---

    def _arrive(self, due: float) -> None:
        self._begin(next(self._flows), due, time.monotonic() - due)

    def _refill(self, due: float) -> None:
        if self._over or self._left == 0:
            self._check_done()
            return
        self._left -= 1
        self._begin(next(self._flows), due, 0.0)

    def _begin(self, flow: PreparedFlow, due: float, lag: float) -> None:
        self.open += 1
        if flow.plain:
            prepared = flow.steps[0]
            if prepared.fixed is not None:
                self._submit(Exchange(self, prepared, due, lag, prepared.fixed))
            else:
                self._send(prepared, due, lag, None)
        elif not flow.has_user:
            self._travel(flow, User() if flow.session else self._shared, due, lag)
        elif self._idle:
            self._travel(flow, self._idle.popleft(), due, lag)
        else:
            self._waiting.append((flow, due, lag))

    def _travel(self, flow: PreparedFlow, user: User, due: float, lag: float) -> None:
        draw = random.Random(self._draw.random()) if len(flow.steps) > 1 else None  # noqa: S311  # test data
        journey = Journey(flow, user, self._data.drawn(flow.tables), draw)
        self._send(journey.current, due, lag, journey)

    def _send(self, prepared: Prepared, due: float, lag: float, journey: Journey | None) -> None:
        try:
            if journey is None:
                payload = prepared.render(self._shared.values, self._draw)
            else:
                draw = journey.draw or self._draw
                payload = prepared.render(journey.values, draw, journey.user.jar)
        except Missing as missing:
            exchange = Exchange(self, prepared, due, lag, (b"", b""), journey)
            error = f"no value for {missing}"
            loop = asyncio.get_running_loop()
            loop.call_soon(self.ended, exchange, CONNECTION_ERROR, error, None)
            return
        self._submit(Exchange(self, prepared, due, lag, payload, journey))

    # --- Ends ---

    def ended(self, exchange: Exchange, status: int, error: str, answer: Answer | None) -> None:
        """An exchange is over: record it, and go on with its session."""
        now = exchange.ended or time.monotonic()
        prepared = exchange.prepared
        if not error and status not in prepared.accepted:
            error = f"status {status}"
        journey = exchange.journey
        if journey is not None and answer is not None:
            error = learn(journey, answer, error)
        samples = self._samples
        samples.due.append(exchange.due - self._start)
        samples.response.append(now - exchange.due)
        samples.service.append(now - exchange.sent if exchange.sent else 0.0)
        samples.lag.append(exchange.lag)
        samples.request.append(prepared.index)
        samples.status.append(status)
        samples.failed.append(1 if error else 0)
        if error:
            self._failed(error)
        if journey is None:
            self._arrival_ended(now, status)
        else:
            self._go_on(journey, now, status, error)

    def _failed(self, error: str) -> None:
        self.errors[error] += 1
        if error == UNSENT:
            self.unsent += 1

    def _go_on(self, journey: Journey, now: float, status: int, error: str) -> None:
        journey.step += 1
        if journey.step < len(journey.flow.steps) and not error and not self._over:
            low, high = journey.current.think
            due = now + low + (journey.draw or self._draw).random() * (high - low)
            if due == now:
                self._send(journey.current, due, 0.0, journey)
                return
            if due < self._end and self._pacer is not None:
                self._pacer.at(due, lambda due: self._next_step(journey, due))
                return
        if journey.flow.has_user:
            self._free(journey.user)
        self._arrival_ended(now, status)

    def _next_step(self, journey: Journey, due: float) -> None:
        self._send(journey.current, due, time.monotonic() - due, journey)

    def _free(self, user: User) -> None:
        if self._waiting:
            flow, due, lag = self._waiting.popleft()
            self._travel(flow, user, due, lag)
        else:
            self._idle.append(user)

    def _arrival_ended(self, now: float, status: int) -> None:
        self.open -= 1
        if self._closed and not self._over and self._pacer is not None:
            if status == CONNECTION_ERROR:
                self._pacer.at(now + _AFTER_REFUSAL, self._refill)
            else:
                self._refill(now)
        elif self._over:
            self._check_done()

    def _finish_arrivals(self, _: float) -> None:
        self._over = True
        self.until = (time.monotonic(), time.process_time())
        self._check_done()

    def _check_done(self) -> None:
        if self.open == 0 and (self._over or self._left == 0):
            if not self._over:
                self._finish_arrivals(0.0)
            self._done.set()


def learn(journey: Journey, answer: Answer, error: str) -> str:
    """Keep the cookies of an answer and, if there is no error yet, what its request captures.

    Returns:
        The error, or that something to capture is missing.
    """
    user = journey.user
    for cookie in answer.cookies():
        user.jar.update(cookie)
    if error:
        return error
    for capture in journey.current.captures:
        value = captured(capture, answer, user.jar)
        if value is None:
            return f"nothing to capture for {capture.name}"
        journey.values[capture.name] = user.values[capture.name] = value
    return ""
