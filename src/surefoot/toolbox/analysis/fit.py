"""From two probes to the model: demands, how long the lock is held, what to replay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from surefoot.core import laws
from surefoot.core.records import Block, Evidence, Probe, RouteUse
from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.aggregate import lock_waits
from surefoot.toolbox.analysis.model import Demands, Model
from surefoot.toolbox.analysis.simulate import Job

__all__ = ["demands", "model_of"]

_LOOP: Final = 32  # requests of an event loop that are taken to be in flight under load
_JOBS: Final = 2000  # to replay; a route of one in a thousand requests is still among them


def demands(probe: Probe, blocks: Sequence[Block]) -> Demands:
    """What a request needed in these blocks of a probe.

    Telemetry's own threads serve nobody and cost so much a second, not a request: they are
    neighbours.
    """
    done = max(1, sum(block.completed for block in blocks))
    recorded = max(1, sum(block.recorded for block in blocks))

    def each(name: str) -> float:
        return math.fsum(getattr(block, name) for block in blocks) / recorded

    def used(name: str) -> float:
        return math.fsum(getattr(block.host, name) for block in blocks)

    embedded, cpu = each("db_cpu"), each("cpu")
    networked = used("database") / done
    seconds = max(used("seconds"), 1e-9)
    app = max((used("app") - probe.observing * seconds) / done - embedded, cpu)
    return Demands(
        population=probe.population,
        response=math.fsum(block.response for block in blocks) / done,
        wall=each("wall"),
        app=app,
        server=app - cpu,
        blocked=max(0.0, each("loop") - cpu),
        db_cpu=embedded + networked,
        db_wait=max(0.0, each("db_wait") - networked),
        pool_wait=each("pool_wait"),
        pool_held=each("pool_held"),
        outside=each("outside"),
        generator=used("generator") / done,
        neighbours=used("neighbours") / seconds + probe.observing,
    )


def model_of(evidence: Evidence, cores: int) -> Model:
    """Build the model from the two probes of a run."""
    first, last = evidence.probes[0], evidence.probes[-1]
    alone, full = demands(first, first.blocks), demands(last, last.blocks)
    bare = Model(
        alone=alone,
        full=full,
        replicas=evidence.replicas,
        # What limits a loop's requests (a pool) is a station of its own in the model.
        slots=evidence.slots if evidence.interface == "wsgi" else max(_LOOP, evidence.slots),
        pool=evidence.pool_size,
        cores=float(cores),
        lock=0.0,
        lock_routes=(),
        jobs=(),
        limited=evidence.interface == "wsgi",
        attributed=evidence.interface != "url",
    )
    waits: dict[str, float] = {}
    for (route, _), seconds in lock_waits(last, evidence.sampled).items():
        waits[route] = waits.get(route, 0.0) + seconds
    lock = _lock_demand(bare, sum(waits.values()), last)
    locked = bare.changed(lock=lock, lock_routes=_lock_shares(first, waits))
    model = locked.changed(jobs=_jobs(first, locked))
    return model.changed(correction=_correction(model, last))


def _correction(model: Model, probe: Probe) -> float:
    measured = model.changed(slots=max(1, probe.population // model.replicas))
    ratio = probe.throughput / measured.uncorrected if measured.uncorrected else 1.0
    return min(1.5, max(0.5, ratio))


def _lock_demand(model: Model, waited: float, probe: Probe) -> float:
    waiting = waited / max(1, sum(block.recorded for block in probe.blocks))
    if waiting < 0.02 * model.full.wall:
        return 0.0
    per_replica = max(1, probe.population // model.replicas)
    interpreter = laws.servers(model.full.app + model.alone.blocked, 1)
    return laws.invert_demand(waiting, [interpreter], model.delay, per_replica)


def _lock_shares(probe: Probe, waits: dict[str, float]) -> tuple[float, ...]:
    whole = sum(waits.values())
    requests = sum(route.requests for route in probe.routes)
    if not whole:
        return tuple(0.0 for _ in probe.routes)
    return tuple(
        waits.get(route.route, 0.0) / whole * requests / max(1, route.requests)
        for route in probe.routes
    )


def _jobs(probe: Probe, model: Model) -> tuple[Job, ...]:
    """Requests to replay: every route's shapes, each as often as the route was asked for."""
    requests = sum(route.requests for route in probe.routes)
    network_wait = max(0.0, model.alone.response - model.alone.wall - model.alone.server)
    networked = model.alone.db_cpu - _embedded(probe)
    jobs: list[Job] = []
    for index, route in enumerate(probe.routes):
        share = route.requests / requests
        hold = model.lock * model.lock_routes[index]
        for k in range(round(share * _JOBS)):
            shape = route.shapes[k % len(route.shapes)]
            database = shape.db_cpu
            if networked > 0 and model.alone.db_wait + networked > 0:
                database += _db_wait(route) * networked / (model.alone.db_wait + networked)
            delay = max(0.0, shape.delay - shape.blocked - (database - shape.db_cpu))
            locked = min(hold, delay)
            held = min(max(0.0, shape.pool_held - database - shape.cpu), delay - locked)
            jobs.append(
                Job(
                    route=index,
                    app=shape.cpu + shape.blocked + model.alone.server,
                    database=database,
                    held=held,
                    locked=locked,
                    delay=delay - held - locked + network_wait,
                    pooled=shape.pool_held > 0 and model.pool > 0,
                )
            )
    return tuple(jobs)


def _embedded(probe: Probe) -> float:
    recorded = max(1, sum(block.recorded for block in probe.blocks))
    return sum(block.db_cpu for block in probe.blocks) / recorded


def _db_wait(route: RouteUse) -> float:
    waits = (use.use - use.cpu for use in route.resources if use.resource.kind is Kind.DB_WAIT)
    return sum(waits) / max(1, route.requests)
