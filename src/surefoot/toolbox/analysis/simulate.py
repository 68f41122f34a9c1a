"""A seeded event simulation of one application under open load.

The stations are those of the model: the interpreter of each replica (one thread at a time, in turns
as long as CPython's switch interval), the database's work, the slots of each replica, its pool and
its lock, and plain waits. All that computes shares the cores that neighbours and the generator
leave. Queueing formulas give
means; an SLO is about a quantile, and that is what this is for.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

__all__ = ["Job", "Network", "simulate"]


@dataclass(frozen=True, slots=True)
class Job:
    """One request to replay: seconds at each station."""

    route: int
    app: float
    """Work in the replica's interpreter."""
    database: float
    held: float
    """Plain waiting while a pooled connection is held."""
    locked: float
    """Plain waiting while the replica's lock is held."""
    delay: float
    pooled: bool


@dataclass(frozen=True, slots=True)
class Network:
    """What the jobs run on."""

    replicas: int
    slots: int
    pool: int
    """Connections of each replica; 0 where there is no pool to wait for."""
    cores: float
    """What neighbours leave."""
    generator: float
    """Core seconds the generator itself needs per request."""
    slowdown: Callable[[int], float]
    """How much longer the interpreter's work takes with n requests in it."""
    turn: float = 0.005
    """Seconds of work after which the interpreter turns to another thread."""


class _Step(IntEnum):
    ENTER = 0
    DATABASE = 1
    HELD = 2
    LOCKED = 3
    DELAY = 4
    LEAVE = 5


class _Shared:
    """A processor-sharing station kept in virtual time: work done for each job present."""

    __slots__ = ("clock", "heap", "speed")

    def __init__(self) -> None:
        self.clock = 0.0
        self.heap: list[tuple[float, int]] = []
        self.speed = 0.0

    def __len__(self) -> int:
        return len(self.heap)

    def add(self, who: int, work: float) -> None:
        heapq.heappush(self.heap, (self.clock + work, who))

    def next_in(self) -> float:
        return (self.heap[0][0] - self.clock) / self.speed if self.heap else float("inf")

    def advance(self, passed: float) -> None:
        self.clock += passed * self.speed

    def turn(self) -> int | None:
        return heapq.heappop(self.heap)[1]


class _Turns:
    """A station that serves one job at a time, each for a turn, then the next in line."""

    __slots__ = ("left", "line", "speed", "turn_length")

    def __init__(self, turn_length: float) -> None:
        self.turn_length = turn_length
        self.line: deque[tuple[int, float]] = deque()
        self.left = 0.0
        """Work left in the current turn."""
        self.speed = 0.0

    def __len__(self) -> int:
        return len(self.line)

    def add(self, who: int, work: float) -> None:
        self.line.append((who, work))
        if len(self.line) == 1:
            self.left = min(work, self.turn_length)

    def next_in(self) -> float:
        return self.left / self.speed if self.line else float("inf")

    def advance(self, passed: float) -> None:
        if self.line:
            self.left -= passed * self.speed

    def turn(self) -> int | None:
        """End the current turn; returns who is done with it."""
        who, work = self.line.popleft()
        rest = work - min(work, self.turn_length)
        if rest > 0:
            self.line.append((who, rest))
        if self.line:
            self.left = min(self.line[0][1], self.turn_length)
        return None if rest > 0 else who


class _Tokens:
    """A number of tokens and the requests that wait for one, first come first served."""

    __slots__ = ("free", "waiting")

    def __init__(self, count: int) -> None:
        self.free = count
        self.waiting: deque[int] = deque()

    def take(self, who: int) -> bool:
        if self.free:
            self.free -= 1
            return True
        self.waiting.append(who)
        return False

    def give(self) -> int | None:
        if self.waiting:
            return self.waiting.popleft()
        self.free += 1
        return None


_UNLIMITED: Final = 1 << 30


class _Simulation:
    def __init__(self, network: Network, jobs: Sequence[Job], cores: float) -> None:
        self.network = network
        self.jobs = jobs
        self.cores = max(cores, 0.05)
        self.now = 0.0
        self.timers: list[tuple[float, int, _Step]] = []
        self.apps = [_Turns(network.turn) for _ in range(network.replicas)]
        self.database = _Shared()
        self.stations: list[_Shared | _Turns] = [self.database, *self.apps]
        self.slots = [_Tokens(network.slots) for _ in range(network.replicas)]
        pool = network.pool or _UNLIMITED
        self.pools = [_Tokens(pool) for _ in range(network.replicas)]
        self.locks = [_Tokens(1) for _ in range(network.replicas)]
        self.finished = [0.0] * len(jobs)
        self.left = len(jobs)
        self.step = [_Step.ENTER] * len(jobs)

    def run(self, arrivals: Sequence[float]) -> list[float]:
        """Response time of each job."""
        coming = 0
        while self.left:
            self._speeds()
            station, wait = self._next_completion()
            timer = self.timers[0][0] - self.now if self.timers else float("inf")
            arrival = arrivals[coming] - self.now if coming < len(arrivals) else float("inf")
            passed = max(0.0, min(wait, timer, arrival))
            self._advance(passed)
            if arrival <= wait and arrival <= timer:
                if self.slots[coming % self.network.replicas].take(coming):
                    self._work(coming)
                coming += 1
            elif timer <= wait:
                _, who, step = heapq.heappop(self.timers)
                self._after(who, step)
            elif station is not None and (done := station.turn()) is not None:
                self._after(done, self.step[done])
        return [done - at for done, at in zip(self.finished, arrivals, strict=True)]

    def _speeds(self) -> None:
        busy = len(self.database) + sum(bool(app) for app in self.apps)
        share = min(1.0, self.cores / busy) if busy else 1.0
        self.database.speed = share
        for app in self.apps:
            if app:
                app.speed = share / self.network.slowdown(len(app))

    def _next_completion(self) -> tuple[_Shared | _Turns | None, float]:
        best: _Shared | _Turns | None = None
        soonest = float("inf")
        for station in self.stations:
            wait = station.next_in()
            if wait < soonest:
                best, soonest = station, wait
        return best, soonest

    def _advance(self, passed: float) -> None:
        self.now += passed
        for station in self.stations:
            station.advance(passed)

    def _replica(self, who: int) -> int:
        return who % self.network.replicas

    def _share(self, station: _Shared | _Turns, who: int, work: float, step: _Step) -> None:
        self.step[who] = step
        station.add(who, work)

    def _wait(self, who: int, seconds: float, step: _Step) -> None:
        heapq.heappush(self.timers, (self.now + seconds, who, step))

    def _work(self, who: int) -> None:
        self._share(self.apps[self._replica(who)], who, self.jobs[who].app / 2, _Step.ENTER)

    def _after(self, who: int, done: _Step) -> None:
        """Send a job on from the step it has completed."""
        job, at = self.jobs[who], self._replica(who)
        match done:
            case _Step.ENTER:
                if not job.pooled or self.pools[at].take(who):
                    self._query(who)
            case _Step.DATABASE:
                self._wait(who, job.held, _Step.HELD)
            case _Step.HELD:
                self._release(who)
            case _Step.LOCKED:
                self._unlock(who)
            case _Step.DELAY:
                self._share(self.apps[at], who, job.app / 2, _Step.LEAVE)
            case _Step.LEAVE:
                self._leave(who)

    def _query(self, who: int) -> None:
        self._share(self.database, who, self.jobs[who].database, _Step.DATABASE)

    def _release(self, who: int) -> None:
        job, at = self.jobs[who], self._replica(who)
        if job.pooled and (heir := self.pools[at].give()) is not None:
            self._query(heir)
        if not job.locked or self.locks[at].take(who):
            self._wait(who, job.locked, _Step.LOCKED)

    def _unlock(self, who: int) -> None:
        job, at = self.jobs[who], self._replica(who)
        if job.locked and (heir := self.locks[at].give()) is not None:
            self._wait(heir, self.jobs[heir].locked, _Step.LOCKED)
        self._wait(who, job.delay, _Step.DELAY)

    def _leave(self, who: int) -> None:
        self.finished[who] = self.now
        self.left -= 1
        if (heir := self.slots[self._replica(who)].give()) is not None:
            self._work(heir)


def simulate(
    network: Network, jobs: Sequence[Job], rate: float, count: int, seed: int
) -> list[tuple[int, float]]:
    """Offer ``count`` Poisson arrivals at ``rate`` a second, each a random one of ``jobs``.

    Returns:
        Route and response time in seconds of every arrival after the first tenth, which finds the
        application emptier than later ones do.
    """
    chance = random.Random(seed)  # noqa: S311 - a simulation, not a secret
    gaps = [chance.expovariate(1.0) for _ in range(count)]
    chosen = [jobs[int(chance.random() * len(jobs))] for _ in range(count)]
    arrivals, at = [], 0.0
    for gap in gaps:
        at += gap / rate
        arrivals.append(at)
    cores = network.cores - rate * network.generator
    times = _Simulation(network, chosen, cores).run(arrivals)
    skipped = count // 10
    return [(chosen[i].route, times[i]) for i in range(skipped, count)]
