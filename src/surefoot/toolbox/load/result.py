"""What a run showed: the samples, their quantiles, and whether the generator was the limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from surefoot.core.histogram import Histogram
from surefoot.toolbox.load.observation import Observed
from surefoot.toolbox.load.samples import Samples

__all__ = ["LoadResult", "Progress", "WorkerUse", "judge"]

UNSENT_SHARE: Final = 0.001
LAG_SHARE: Final = 0.10
BUSY_SHARE: Final = 0.80


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    elapsed: float
    seconds: float
    ended: int
    """Requests answered or failed so far."""
    errors: int
    in_flight: int
    rate: float
    """Requests that ended per second, of late."""
    p50: float
    """Response time of those, seconds."""
    p99: float


@dataclass(frozen=True, slots=True)
class WorkerUse:
    """What one process of the generator needed."""

    cpu: float
    """Seconds."""
    busy: float
    """Share of one core, 0 to 1, while requests were due."""
    lag_p99: float
    """Seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadResult:
    """One run. Times are seconds."""

    sent: int
    """Requests handed to the server, or refused by it."""
    unsent: int
    """Requests that were due and could not be sent: no user or connection was free in time."""
    completed: int
    """Requests that were answered, whatever the status."""
    started: float
    """When the first request could be due, seconds since the epoch."""
    seconds: float
    """Length of the schedule, or until the run was interrupted."""
    elapsed: float
    """Until the last answer."""
    valid: bool
    why_invalid: str
    interrupted: bool
    samples: Samples
    names: tuple[str, ...]
    """Request names; ``samples.request`` counts them from 0."""
    statuses: Mapping[int, int]
    errors: Mapping[str, int]
    response: Histogram
    """From being due to the end of the answer; answers and time-outs."""
    service: Histogram
    """From being sent to the end of the answer; answers and time-outs."""
    lag: Histogram
    cpu: float
    """CPU seconds of the sending processes."""
    workers: tuple[WorkerUse, ...]
    retries: int
    """Requests sent once more because the server had closed the idle connection."""
    connections: int
    """Open at the end."""
    abandoned: int
    """Requests still without answer when the run was interrupted; in no other figure."""
    precision: str
    """How exactly requests are sent on time on this system."""
    seed: int
    answers: Observed = field(default_factory=Observed)
    """What was answered, if the generator was asked to observe it."""

    @property
    def received(self) -> int:
        """Bytes of all answers, heads and bodies; 0 where they were not observed."""
        return self.answers.received

    @property
    def failed(self) -> int:
        """Requests that count as errors."""
        return sum(self.errors.values())

    @property
    def throughput(self) -> float:
        """Answers per second that came within the schedule's time."""
        window = self.seconds
        samples = self.samples
        within = sum(
            1
            for due, took, status in zip(samples.due, samples.response, samples.status, strict=True)
            if status >= 100 and due + took <= window
        )
        return within / window if window else 0.0

    @property
    def cpu_per_request(self) -> float:
        """CPU seconds of the sending processes per request."""
        return self.cpu / self.sent if self.sent else 0.0


def judge(unsent: int, no_user: int, due: int, workers: Sequence[WorkerUse], latency: float) -> str:
    """Why the generator, and not the server, limited a run; empty if it did not.

    Args:
        unsent: Requests that could not be sent.
        no_user: Those of them that found no idle user.
        due: All requests.
        workers: What its processes needed.
        latency: The SLO's latency, seconds.
    """
    if unsent > UNSENT_SHARE * due:
        cause = (
            f"{no_user} found no idle user (more users would take them)"
            if no_user * 2 > unsent
            else "every connection allowed was in use"
        )
        return f"{unsent} of {due} requests could not be sent: {cause}"
    for worker in workers:
        if worker.busy > BUSY_SHARE and worker.lag_p99 > LAG_SHARE * latency:
            return (
                f"requests left {worker.lag_p99 * 1e3:.3g} ms late (p99) while the process that "
                f"sends them was {worker.busy:.0%} busy: use more processes or a lower rate"
            )
    return ""
