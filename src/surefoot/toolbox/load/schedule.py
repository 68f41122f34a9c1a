"""When requests are due: pure arithmetic, no clock.

A schedule is a rate over time. Arrivals are the points of a process of rate one (evenly spaced, or
Poisson) mapped through the inverse of the accumulated rate, which gives exactly the wanted process
(Cinlar, Introduction to Stochastic Processes, 4.7).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from surefoot.errors import UsageError

__all__ = ["KINDS", "Closed", "Schedule", "due_times", "read_trace"]

KINDS: Final = ("poisson", "uniform", "ramp", "step", "spike", "trace")


@dataclass(frozen=True, slots=True)
class Schedule:
    """An open model: requests are due at these times whatever becomes of the ones before.

    Raises:
        UsageError: The numbers describe no schedule.
    """

    kind: str = "poisson"
    """One of ``KINDS``; all but ``uniform`` and ``trace`` draw Poisson arrivals by default."""
    rate: float = 0.0
    """Requests per second; where a ramp starts; what surrounds a spike."""
    seconds: float = 10.0
    to: float = 0.0
    """Rate at the end of a ramp, or of a spike's top."""
    rates: tuple[float, ...] = ()
    """Rates of the equally long parts of a ``step`` schedule."""
    at: float = 0.0
    """Second at which a spike starts."""
    width: float = 0.0
    """Seconds a spike lasts."""
    times: tuple[float, ...] = ()
    """Seconds of every arrival of a ``trace``; the first counts as the start."""
    arrivals: str = "poisson"
    """``"uniform"`` spaces the arrivals of a ramp, step or spike evenly."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"{self.kind!r} is no kind of schedule; known are {', '.join(KINDS)}")
        if self.arrivals not in {"poisson", "uniform"}:
            raise UsageError(f"arrivals are poisson or uniform, not {self.arrivals!r}")
        if self.kind == "trace":
            _check_trace(self.times)
            return
        if not 0 < self.seconds < math.inf:
            raise UsageError(f"a schedule of {self.seconds:g} seconds is none")
        if self.kind == "spike" and not (self.at >= 0 and self.at + self.width <= self.seconds):
            raise UsageError("the spike does not lie within the schedule's time")
        if not all(0 <= rate < math.inf for piece in self.pieces() for rate in piece[1:]):
            raise UsageError("a rate is zero or more requests per second")
        if self.mean_rate <= 0:
            raise UsageError("the schedule holds no request; give it a rate above zero")

    @property
    def length(self) -> float:
        """Seconds from the start until the schedule is over."""
        if self.kind == "trace":
            return self.times[-1] - self.times[0]
        return self.seconds

    @property
    def mean_rate(self) -> float:
        """Requests per second over the whole length."""
        if self.kind == "trace":
            return len(self.times) / self.length if self.length else float(len(self.times))
        return sum(s * (a + b) / 2 for s, a, b in self.pieces()) / self.seconds

    def pieces(self) -> tuple[tuple[float, float, float], ...]:
        """The rate over time: seconds, rate at the start and rate at the end of each piece."""
        if self.kind == "ramp":
            return ((self.seconds, self.rate, self.to),)
        if self.kind == "step":
            part = self.seconds / max(len(self.rates), 1)
            return tuple((part, rate, rate) for rate in self.rates)
        if self.kind == "spike":
            after = self.seconds - self.at - self.width
            parts = ((self.at, self.rate), (self.width, self.to), (after, self.rate))
            return tuple((seconds, rate, rate) for seconds, rate in parts if seconds > 0)
        return ((self.seconds, self.rate, self.rate),)

    def scaled(self, factor: float) -> Schedule:
        """The same shape at ``factor`` times the rate; a trace stays as it was recorded."""
        return replace(
            self,
            rate=self.rate * factor,
            to=self.to * factor,
            rates=tuple(rate * factor for rate in self.rates),
        )


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed model: a fixed number of requests is kept in flight.

    Args:
        population: How many.
        seconds: How long at most.
        requests: Stop after this many were started; ``None`` for no such end.
        each: How often every flow is done before the mix begins, however rare it is there.
    """

    population: int
    seconds: float
    requests: int | None = None
    each: int = 0

    def __post_init__(self) -> None:
        if self.population < 1:
            raise UsageError("a closed model keeps at least one request in flight")
        if not 0 < self.seconds < math.inf:
            raise UsageError(f"a run of {self.seconds:g} seconds is none")
        if self.requests is not None and self.requests < 1:
            raise UsageError("a run of no requests is none")


def due_times(schedule: Schedule, seed: int) -> Iterator[float]:
    """Seconds since the start at which requests are due, ascending; the same for the same seed."""
    if schedule.kind == "trace":
        first = schedule.times[0]
        return (time - first for time in schedule.times)
    even = schedule.kind == "uniform" or schedule.arrivals == "uniform"
    return _mapped(schedule.pieces(), _even() if even else _poisson(seed))


def read_trace(path: Path) -> tuple[float, ...]:
    """The times in a file of one number of seconds per line; blank and ``#`` lines are skipped.

    Raises:
        UsageError: The file cannot be read, holds something else, or is not ascending.
    """
    times: list[float] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the trace {path.name} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            times.append(float(text))
        except ValueError:
            raise UsageError(
                f"{path.name}, line {number}: {text[:40]!r} is not a number of seconds"
            ) from None
    _check_trace(times, path.name)
    return tuple(times)


def _check_trace(times: tuple[float, ...] | list[float], name: str = "the trace") -> None:
    if not times:
        raise UsageError(f"{name} holds no arrival")
    if not all(math.isfinite(time) for time in times):
        raise UsageError(f"{name} holds something that is no time")
    for before, after in pairwise(times):
        if after < before:
            raise UsageError(f"{name} is not ascending: {after:g} comes after {before:g}")


def _even() -> Iterator[float]:
    count = 0
    while True:
        yield float(count)
        count += 1


def _poisson(seed: int) -> Iterator[float]:
    draw = random.Random(seed).random  # noqa: S311  # arrivals, not secrets
    log = math.log
    point = 0.0
    while True:
        point -= log(1.0 - draw())
        yield point


def _mapped(
    pieces: tuple[tuple[float, float, float], ...], points: Iterator[float]
) -> Iterator[float]:
    """Each point where the accumulated rate reaches it, until the last piece is used up."""
    start, done = 0.0, 0.0
    point = next(points)
    for seconds, low, high in pieces:
        area = seconds * (low + high) / 2
        slope = (high - low) / seconds
        # Evenly spaced points meet the edge exactly: the next piece, or nobody, has that one.
        edge = done + area - 1e-9 * max(1.0, done + area)
        while point < edge:
            yield start + _reached(point - done, low, slope)
            point = next(points)
        start, done = start + seconds, done + area


def _reached(area: float, low: float, slope: float) -> float:
    """The t at which ``low t + slope t^2 / 2`` is ``area``."""
    if area <= 0:
        return 0.0
    if slope == 0:
        return area / low
    # The form of the root that loses no digits when the slope is small.
    return 2 * area / (low + math.sqrt(max(low * low + 2 * slope * area, 0.0)))
