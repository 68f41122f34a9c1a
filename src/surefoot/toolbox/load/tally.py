"""Adds up what the sending processes report while a run lasts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import compress
from typing import Final

from surefoot.core.histogram import Histogram
from surefoot.toolbox.load.exchange import CONNECTION_ERROR
from surefoot.toolbox.load.messages import Chunk, Done
from surefoot.toolbox.load.observation import Observed
from surefoot.toolbox.load.result import LoadResult, Progress, WorkerUse, judge
from surefoot.toolbox.load.samples import Samples
from surefoot.toolbox.load.schedule import Closed, Schedule

__all__ = ["Tally"]

_RECENT: Final = 2.0


class Tally:
    """The sum so far.

    Args:
        names: Request names.
        plan: What is being run.
        start: Instant (``time.monotonic``) of its start.
        seed: Of its arrivals.
    """

    def __init__(
        self, names: tuple[str, ...], plan: Schedule | Closed, start: float, seed: int
    ) -> None:
        self._names = names
        self._length = plan.seconds if isinstance(plan, Closed) else plan.length
        self._start = start
        self._epoch = time.time() + start - time.monotonic()
        self._seed = seed
        self._samples = Samples()
        self._response = Histogram()
        self._service = Histogram()
        self._statuses: Counter[int] = Counter()
        self._errors: Counter[str] = Counter()
        self._lags: dict[int, Histogram] = {}
        self._in_flight: dict[int, int] = {}
        self._done: dict[int, Done] = {}
        self._recent: list[tuple[float, int, Histogram]] = []
        self._interrupted_at: float | None = None

    def part(self, index: int) -> Callable[[Chunk | Done], None]:
        """Where the reports of one process go."""
        self._lags[index] = Histogram()

        def take(report: Chunk | Done) -> None:
            if isinstance(report, Done):
                self._done[index] = report
            else:
                self._add(index, report)

        return take

    def interrupt(self) -> None:
        """The run ends early, now."""
        self._interrupted_at = time.monotonic()

    def progress(self) -> Progress:
        """How far it is."""
        now = time.monotonic()
        self._recent = [entry for entry in self._recent if entry[0] > now - _RECENT]
        recent = Histogram()
        for _, _, response in self._recent:
            recent.merge(response)
        span = min(_RECENT, max(now - self._start, 0.1))
        p50, p99 = recent.quantiles(0.5, 0.99)
        return Progress(
            elapsed=max(0.0, now - self._start),
            seconds=self._length,
            ended=len(self._samples),
            errors=sum(self._errors.values()),
            in_flight=sum(self._in_flight.values()),
            rate=sum(count for _, count, _ in self._recent) / span,
            p50=p50,
            p99=p99,
        )

    def result(self, latency: float) -> LoadResult:
        """The whole, once every process is done."""
        reports = list(self._done.values())
        unsent = sum(report.unsent for report in reports)
        uses = tuple(
            WorkerUse(done.cpu, done.busy, self._lags[i].quantile(0.99))
            for i, done in sorted(self._done.items())
        )
        no_user = sum(report.no_user for report in reports)
        why = judge(unsent, no_user, len(self._samples), uses, latency)
        lag = Histogram()
        for part in self._lags.values():
            lag.merge(part)
        return LoadResult(
            sent=len(self._samples) - unsent,
            unsent=unsent,
            completed=sum(n for status, n in self._statuses.items() if status >= 100),
            started=self._epoch,
            seconds=self._seconds(reports),
            elapsed=max(report.seconds for report in reports),
            valid=not why,
            why_invalid=why,
            interrupted=self._interrupted_at is not None,
            samples=self._samples,
            names=self._names,
            statuses=dict(sorted(self._statuses.items())),
            errors=dict(self._errors.most_common()),
            response=self._response,
            service=self._service,
            lag=lag,
            cpu=sum(use.cpu for use in uses),
            workers=uses,
            retries=sum(report.retries for report in reports),
            connections=sum(report.connections for report in reports),
            abandoned=sum(report.abandoned for report in reports) if self._interrupted_at else 0,
            precision=reports[0].precision,
            seed=self._seed,
            answers=sum((report.observed for report in reports), Observed()),
        )

    def _seconds(self, reports: list[Done]) -> float:
        if self._interrupted_at is not None:
            return min(self._length, max(self._interrupted_at - self._start, 0.0))
        # A closed run may have used up its requests before its time.
        return min(self._length, max(report.seconds for report in reports))

    def _add(self, index: int, chunk: Chunk) -> None:
        samples = chunk.samples
        self._in_flight[index] = chunk.in_flight
        self._errors.update(chunk.errors)
        if not samples:
            return
        self._samples.extend(samples)
        self._statuses.update(samples.status)
        self._lags[index].add(samples.lag)
        responses: Iterable[float] = samples.response
        services: Iterable[float] = samples.service
        if CONNECTION_ERROR in samples.status:
            # A refused connection is quick and says nothing about how long answers take.
            told = [status != CONNECTION_ERROR for status in samples.status]
            responses, services = compress(responses, told), compress(services, told)
        response = Histogram(responses)
        self._response.merge(response)
        self._service.add(services)
        self._recent.append((time.monotonic(), len(samples), response))
