"""One closed loop against the running application, cut into blocks of about a second."""

from __future__ import annotations

import asyncio
import bisect
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from surefoot.core.records import Block, HostUse, Probe, Record, RouteUse, StackSample
from surefoot.core.resources import Kind
from surefoot.core.stats import quantile
from surefoot.core.worker import WorkerStats
from surefoot.toolbox.analysis import aggregate, caches
from surefoot.toolbox.load import Closed, Generator, LoadResult
from surefoot.toolbox.measure import host
from surefoot.toolbox.measure.receiver import Receiver

__all__ = ["Watch", "Watched", "probe"]

_BLOCK: Final = 1.0
# Telemetry leaves the workers every few tens of milliseconds.
_FLUSH: Final = 0.2


@dataclass(frozen=True, slots=True)
class Watched:
    """The clocks of everybody, read about once a second while something ran."""

    marks: tuple[float, ...]
    """Seconds since the epoch."""
    snapshots: tuple[host.Snapshot, ...]

    def uses(self) -> list[HostUse]:
        """What was used between each mark and the next."""
        return [host.between(a, b) for a, b in itertools.pairwise(self.snapshots)]

    def whole(self) -> HostUse:
        """What was used from the first mark to the last."""
        return host.between(self.snapshots[0], self.snapshots[-1])


class Watch:
    """Reads the clocks once a second for as long as its block runs."""

    def __init__(self, owners: Callable[[], host.Owners]) -> None:
        self._owners = owners
        self._marks: list[float] = []
        self._snapshots: list[host.Snapshot] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._read()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
        if time.time() - self._marks[-1] > _BLOCK / 4 or len(self._marks) < 2:
            self._read()

    @property
    def seen(self) -> Watched:
        """Everything read so far."""
        return Watched(tuple(self._marks), tuple(self._snapshots))

    def _read(self) -> None:
        self._marks.append(time.time())
        self._snapshots.append(host.take(self._owners()))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_BLOCK)
            self._read()


async def probe(
    generator: Generator,
    receiver: Receiver | None,
    owners: Callable[[], host.Owners],
    population: int,
    seconds: float,
    *,
    stop: asyncio.Event | None = None,
) -> Probe:
    """Hold ``population`` requests in flight for ``seconds`` and say what they used."""
    before = await _known(receiver)
    async with Watch(owners) as watch:
        result = await generator.run(Closed(population=population, seconds=seconds), stop=stop)
    await asyncio.sleep(_FLUSH)
    received = await receiver.settled() if receiver is not None else None
    records = received.records if received else []
    stacks: Sequence[StackSample] = received.stacks if received else ()
    uses = watch.seen.uses()
    if not uses_database(records):
        uses = [_without_database(use) for use in uses]
    blocks = _blocks(watch.seen.marks, uses, result, records)
    inside = [r for r in records if blocks and watch.seen.marks[0] <= r.start_ns / 1e9]
    workers = received.workers if received else {}
    return Probe(
        population=population,
        blocks=blocks,
        routes=aggregate.routes(inside) if receiver is not None else _black_box(result, blocks),
        stacks=tuple(stacks),
        medians=_medians(result),
        pool_size=max((worker.pool_size for worker in workers.values()), default=0),
        blocked=_blocked(before, workers),
        sampled=_sampled(before, workers),
        dropped=sum(worker.dropped for worker in workers.values()),
        collecting=_collecting(before, workers),
        observing=_observing(before, workers),
        memory=host.memory(owners().app),
        caches=caches.done(before, workers),
    )


async def _known(receiver: Receiver | None) -> dict[int, WorkerStats]:
    """What each worker has said about itself."""
    if receiver is None:
        return {}
    await receiver.settled()
    return dict(receiver.latest)


def _blocked(
    before: Mapping[int, WorkerStats], after: Mapping[int, WorkerStats]
) -> tuple[tuple[str, int, float], ...]:
    """Where loops stood still meanwhile, the most frequent line first."""
    counts: Counter[str] = Counter()
    longest: dict[str, float] = {}
    for pid, stats in after.items():
        known = {at.site: at.count for at in before[pid].blocked} if pid in before else {}
        for at in stats.blocked:
            counts[at.site] += at.count - known.get(at.site, 0)
            longest[at.site] = max(longest.get(at.site, 0.0), at.max_ns / 1e9)
    return tuple((site, n, longest[site]) for site, n in counts.most_common() if n > 0)


def _sampled(before: Mapping[int, WorkerStats], after: Mapping[int, WorkerStats]) -> float:
    """Mean seconds between two looks of the samplers, from what they counted meanwhile."""
    ticks = passed = 0
    for pid, stats in after.items():
        earlier = before.get(pid)
        ticks += stats.ticks - (earlier.ticks if earlier else 0)
        passed += stats.sampled_ns - (earlier.sampled_ns if earlier else 0)
    return passed / ticks / 1e9 if ticks > 0 else 0.0


def _collecting(before: Mapping[int, WorkerStats], after: Mapping[int, WorkerStats]) -> float:
    """Seconds that garbage was collected in meanwhile."""
    spent = (
        stats.gc_ns - (before[pid].gc_ns if pid in before else 0) for pid, stats in after.items()
    )
    return sum(spent) / 1e9


def _observing(before: Mapping[int, WorkerStats], after: Mapping[int, WorkerStats]) -> float:
    """Cores that telemetry's own threads used meanwhile, all workers together."""
    used = 0.0
    for pid, stats in after.items():
        earlier = before.get(pid, WorkerStats(pid))
        passed = stats.seconds - earlier.seconds
        used += (stats.own_ns - earlier.own_ns) / 1e9 / passed if passed > 0 else 0.0
    return used


def _medians(result: LoadResult) -> tuple[tuple[str, float], ...]:
    times: dict[str, list[float]] = {name: [] for name in result.names}
    samples = result.samples
    for index, response in zip(samples.request, samples.response, strict=True):
        times[result.names[index]].append(response)
    return tuple((name, quantile(sorted(found), 0.5)) for name, found in times.items() if found)


def _black_box(result: LoadResult, blocks: Sequence[Block]) -> tuple[RouteUse, ...]:
    """Each request of the workload as a route of which only the time is known."""
    done = max(1, sum(block.completed for block in blocks))
    cpu = sum(block.host.app for block in blocks) / done
    times: dict[str, list[float]] = defaultdict(list)
    for index, response in zip(result.samples.request, result.samples.response, strict=True):
        times[result.names[index]].append(response)
    return tuple(aggregate.timed(name, found, cpu) for name, found in times.items())


def uses_database(records: Sequence[Record]) -> bool:
    """Whether any of the requests spoke to a database server."""
    return any(spend.resource.kind is Kind.DB_WAIT for record in records for spend in record.spends)


def _without_database(use: HostUse) -> HostUse:
    return replace(use, database=0.0, neighbours=use.neighbours + use.database)


def _blocks(
    marks: Sequence[float],
    uses: Sequence[HostUse],
    result: LoadResult,
    records: Sequence[Record],
) -> tuple[Block, ...]:
    count = len(marks) - 1
    done: list[list[float]] = [[] for _ in range(count)]
    for due, response in zip(result.samples.due, result.samples.response, strict=True):
        at = bisect.bisect_right(marks, result.started + due + response) - 1
        if 0 <= at < count:
            done[at].append(response)
    costs: list[list[aggregate.Costs]] = [[] for _ in range(count)]
    for record in records:
        at = bisect.bisect_right(marks, (record.start_ns + record.wall_ns) / 1e9) - 1
        if 0 <= at < count:
            costs[at].append(aggregate.costs(record))
    return tuple(
        _block(use, responses, spent)
        for use, responses, spent in zip(uses, done, costs, strict=True)
        if responses and use.seconds > _BLOCK / 4
    )


def _block(use: HostUse, responses: list[float], spent: list[aggregate.Costs]) -> Block:
    summed = aggregate.total(spent)
    return Block(
        completed=len(responses),
        recorded=len(spent),
        host=use,
        response=sum(responses),
        wall=summed.wall,
        cpu=summed.cpu,
        db_cpu=summed.db_cpu,
        db_wait=summed.db_wait,
        pool_wait=summed.pool_wait,
        pool_held=summed.pool_held,
        loop=summed.loop,
        outside=summed.outside,
    )
