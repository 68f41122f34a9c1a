"""One ``measure``: start it, probe it, predict, search, look beyond, conclude."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

from surefoot.config import Settings
from surefoot.core.records import Capacity, Diagnosis, Evidence, Probe, Slo
from surefoot.core.resources import Kind
from surefoot.errors import RefusedError
from surefoot.toolbox.analysis.fit import model_of
from surefoot.toolbox.analysis.model import Model
from surefoot.toolbox.analysis.settled import settled
from surefoot.toolbox.diagnose import diagnose
from surefoot.toolbox.load import Closed, Generator, LoadResult, Workload
from surefoot.toolbox.measure import host
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.measure.beside import Beside, Tries
from surefoot.toolbox.measure.conditions import refuse_useless
from surefoot.toolbox.measure.rates import RateSearch
from surefoot.toolbox.measure.subject import Subject, Url, started
from surefoot.toolbox.target import LOOPED, Application

__all__ = ["Interrupted", "Measurement", "Plan", "beyond_throughput", "measure"]

Say = Callable[[str], None]

_CHECK_SECONDS: Final = 1.5
_PROBE_SECONDS: Final = 4.0
_PROBE_REQUESTS: Final = 60
_PROBE_LONGEST: Final = 20.0
_LOOP_SLOTS: Final = 32
_MOST_IN_FLIGHT: Final = 64
_BLACK_BOX_SLOTS: Final = 16  # how many it has cannot be seen from outside


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure and how long."""

    application: Application | None
    """``None`` for the black box at ``url``."""
    settings: Settings
    workload: Workload
    search_seconds: float
    notes: tuple[str, ...] = ()
    url: str = ""
    owned: bool = False
    """Whether a host other than this machine may be loaded."""

    @property
    def name(self) -> str:
        """What is measured, in a word."""
        return str(self.application.target) if self.application else self.url

    @property
    def interface(self) -> str:
        """``"wsgi"``, ``"asgi"`` or ``"url"``."""
        return self.application.interface if self.application else "url"


@dataclass(frozen=True, slots=True)
class Measurement:
    """Everything one ``measure`` found out."""

    evidence: Evidence
    diagnosis: Diagnosis
    model: Model
    curve: tuple[tuple[float, float, float], ...]
    """Simulated rate, median and SLO quantile of response time."""
    seconds: float
    interrupted: bool = False


class Interrupted(Exception):  # noqa: N818 - not an error: somebody pressed Ctrl-C
    """Stopped before there was anything to conclude from."""


async def measure(plan: Plan, say: Say, stop: asyncio.Event) -> Measurement:
    """Run the application under load and diagnose it.

    Args:
        plan: What to measure.
        say: Is told in one line what is being done, a few times a second.
        stop: Set to end early; what was measured by then is concluded from.

    Raises:
        RefusedError: The answers are not what the workload wants.
        ServerError: The application died.
        Interrupted: Stopped before both probes were through.
    """
    began = time.monotonic()
    async with _running(plan, say) as bench:
        evidence, model = await _probes(plan, bench, say, stop)
        say("predicting")
        search = RateSearch(plan.search_seconds, bench, evidence, model, say, stop)
        predicted = await asyncio.to_thread(search.predict)
        await bench.race(search.run(predicted))
    evidence = search.evidence()
    capacity = search.search.capacity
    diagnosis = diagnose(evidence, model, capacity, predicted, search.invalid())
    curve = await asyncio.to_thread(_curve, model, evidence.slo, capacity)
    return Measurement(evidence, diagnosis, model, curve, time.monotonic() - began, stop.is_set())


@contextlib.asynccontextmanager
async def _running(plan: Plan, say: Say) -> AsyncIterator[Bench]:
    say(f"starting {plan.name}" if plan.application else f"connecting to {plan.url}")
    async with contextlib.AsyncExitStack() as open_things:
        subject: Subject = Url(plan.url)
        if plan.application is not None:
            running = started(plan.application, plan.settings)
            subject = await open_things.enter_async_context(running)
        generator = Generator(
            plan.workload,
            subject.addresses,
            stamp=plan.application is not None,
            latency=plan.settings.config.slo.latency,
            owned=plan.owned,
        )
        yield Bench(subject, await open_things.enter_async_context(generator))


async def _probes(
    plan: Plan, bench: Bench, say: Say, stop: asyncio.Event
) -> tuple[Evidence, Model]:
    seconds = await _checked(plan, bench, say, stop)
    say(f"one request at a time, for {seconds:.0f} s")
    serial = await bench.probe(1, seconds, stop)
    _stop_here(stop)
    kinds = {use.resource.kind for route in serial.routes for use in route.resources}
    bench.database = Kind.DB_WAIT in kinds
    replicas, slots = _slots(plan, serial)
    population = min(slots * replicas, _MOST_IN_FLIGHT)
    say(f"every slot busy ({population} requests at a time), for {seconds:.0f} s")
    busy = await bench.probe(population, seconds, stop)
    _stop_here(stop)
    if not serial.routes or not busy.routes:
        raise RefusedError(
            "the workers sent no telemetry, so nothing can be attributed",
            do="look whether the application replaces its own WSGI or ASGI callable",
        )
    tries = Tries(bench.subject.addresses, plan.settings, plan.workload, say, stop)
    beside = Beside()
    if plan.application is not None:
        beside = await bench.race(tries.on(plan.application, (serial, busy)))
        _stop_here(stop)
    settings = plan.settings.config
    evidence = Evidence(
        target=plan.name,
        interface=plan.interface,
        framework=plan.application.framework if plan.application else "",
        replicas=replicas,
        slots=slots,
        pool_size=serial.pool_size,
        slo=settings.objective,
        sampled=busy.sampled,
        probes=(serial, busy),
        points=(),
        notes=(*plan.notes, *_of_mode(plan.application), *beside.notes),
        server=plan.application.server.kind if plan.application else "",
        keys=settled(settings) if plan.application else (),
        memory=host.free_memory(),
        sizes=beside.sizes,
        reusable=beside.reusable,
        functions=beside.functions,
        lines=beside.lines,
        together=beside.together,
    )
    return evidence, model_of(evidence, host.cores())


async def _checked(plan: Plan, bench: Bench, say: Say, stop: asyncio.Event) -> float:
    """Look at the answers before any is measured; returns how long a probe should last."""
    say("looking at the answers")
    plainly = Closed(population=1, seconds=_CHECK_SECONDS)
    checked = await bench.race(bench.generator.run(plainly, stop=stop))
    _stop_here(stop)
    wanted = checked.completed - sum(checked.errors.values())
    refuse_useless(checked.statuses, max(0, wanted), bench.subject.log_tail(20))
    seconds = _probe_seconds(checked)
    if seconds > _PROBE_SECONDS:
        say(f"slow answers: this will take about {_estimate(plan, checked):.0f} s")
    return seconds


def _slots(plan: Plan, serial: Probe) -> tuple[int, int]:
    """Processes that serve, and requests that each may work on at once."""
    server = plan.settings.config.server
    if plan.interface == "wsgi":
        return server.replicas * server.workers, server.threads
    if plan.interface in LOOPED:
        pool = serial.pool_size
        return server.replicas, min(pool, _LOOP_SLOTS) if pool else _LOOP_SLOTS
    return 1, _BLACK_BOX_SLOTS


def _probe_seconds(checked: LoadResult) -> float:
    rate = checked.completed / checked.seconds if checked.seconds else 0.0
    return min(_PROBE_LONGEST, max(_PROBE_SECONDS, _PROBE_REQUESTS / max(rate, 0.1)))


def _estimate(plan: Plan, checked: LoadResult) -> float:
    return 2 * _probe_seconds(checked) + plan.search_seconds + 15


def _stop_here(stop: asyncio.Event) -> None:
    if stop.is_set():
        raise Interrupted


def _curve(model: Model, slo: Slo, capacity: Capacity) -> tuple[tuple[float, float, float], ...]:
    top = max(model.saturation, capacity.high) * 1.05
    rates = [top * step / 16 for step in range(1, 17)]
    rows = model.curve(rates, (0.5, slo.quantile))
    return tuple((rate, p50, p) for rate, (p50, p) in zip(rates, rows, strict=True))


def beyond_throughput(evidence: Evidence) -> float:
    """What the application completed at most, from the point beyond saturation."""
    return max((p.throughput for p in evidence.points if p.beyond), default=0.0)


def _of_mode(application: Application | None) -> tuple[str, ...]:
    if application is None or not application.debug:
        return ()
    return ("the application runs in debug mode, in which it does more than in production",)
