"""Whether to believe the page: prediction against outcome, the machine, and how to repeat it."""

from __future__ import annotations

import math
import platform
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from surefoot import __version__
from surefoot.core.records import Evidence, HostUse, Probe
from surefoot.toolbox.measure.run import Measurement, beyond_throughput
from surefoot.toolbox.report import quantity
from surefoot.toolbox.report.bars import Part, stacked

__all__ = [
    "CpuRow",
    "Origin",
    "Prediction",
    "checks",
    "command",
    "cpu",
    "facts",
    "here",
    "machine",
    "predictions",
]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when the page was made."""

    written: datetime
    python: str
    system: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """A figure said beforehand, and what came."""

    what: str
    predicted: str
    measured: str
    off: str
    within: bool | None
    """Within 20 %; ``None`` where there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class CpuRow:
    """Who used the cores while one part of the run went on."""

    phase: str
    bar: str
    cells: tuple[str, ...]


_NEAR: Final = 0.2
_APART: Final = 1.05
_OWNERS: Final = ("app", "database", "generator", "neighbours")


def here() -> Origin:
    """This machine, now."""
    return Origin(
        datetime.now(UTC), platform.python_version(), f"{platform.system()} {platform.machine()}"
    )


def predictions(measurement: Measurement) -> tuple[Prediction, ...]:
    """What the model said before the search, beside what the search found."""
    diagnosis = measurement.diagnosis
    capacity = diagnosis.capacity
    interval = f" ({quantity.per_second(capacity.low)} to {quantity.per_second(capacity.high)})"
    if capacity.high <= capacity.low:
        interval = " at least"
    return (
        _prediction(
            "highest rate that keeps the SLO",
            diagnosis.predicted_slo,
            capacity.rps,
            interval if capacity.rps else "",
        ),
        _prediction(
            "most it completes however much is offered",
            diagnosis.predicted_saturation,
            beyond_throughput(measurement.evidence),
        ),
    )


def _prediction(what: str, predicted: float, measured: float, interval: str = "") -> Prediction:
    comparable = measured > 0 and math.isfinite(predicted) and math.isfinite(measured)
    off = predicted / measured - 1 if comparable else 0.0
    return Prediction(
        what=what,
        predicted=quantity.per_second(predicted),
        measured=quantity.per_second(measured) + interval if measured else "not measured",
        off=f"{off:+.0%}".replace("%", "\N{NO-BREAK SPACE}%") if comparable else "",
        within=abs(off) <= _NEAR if comparable else None,
    )


def checks(measurement: Measurement) -> tuple[str, ...]:
    """Whether the figures go together, a sentence each."""
    diagnosis = measurement.diagnosis
    found = []
    most = beyond_throughput(measurement.evidence)
    if most and diagnosis.capacity.rps > _APART * most:
        found.append(
            f"The capacity of {quantity.per_second(diagnosis.capacity.rps)} is above the "
            f"{quantity.per_second(most)} completed beyond saturation. The machine was not the "
            "same all along: measure again when it is quieter."
        )
    if diagnosis.unexplained:
        off = f"{diagnosis.unexplained:+.0%}".replace("%", "\N{NO-BREAK SPACE}%")
        found.append(
            f"Unexplained: near the capacity the workers used {off} CPU against what the probes "
            "account for."
        )
    elif diagnosis.capacity.rps and measurement.evidence.points:
        found.append(
            "Near the capacity the workers used the CPU that the probes account for, within 5 %."
        )
    return tuple(found)


def cpu(evidence: Evidence) -> tuple[CpuRow, ...]:
    """The cores by owner, for every part of the run."""
    phases = [(_phase(probe), [b.host for b in probe.blocks]) for probe in evidence.probes]
    points = sorted(evidence.points, key=lambda point: point.rate)
    phases += [(quantity.per_second(point.rate), [point.host]) for point in points]
    rows = [_cpu(phase, uses) for phase, uses in phases]
    return tuple(row for row in rows if row is not None)


def _phase(probe: Probe) -> str:
    return "one at a time" if probe.population == 1 else f"{probe.population} at a time"


def _cpu(phase: str, uses: Iterable[HostUse]) -> CpuRow | None:
    uses = list(uses)
    seconds = math.fsum(use.seconds for use in uses)
    if not seconds:
        return None
    cores = {owner: math.fsum(getattr(use, owner) for use in uses) / seconds for owner in _OWNERS}
    parts = [
        Part(f"o-{owner}", used, f"{owner} {used:.2f} cores", striped=owner == "neighbours")
        for owner, used in cores.items()
    ]
    said = ", ".join(f"{owner} {used:.2f}" for owner, used in cores.items())
    return CpuRow(
        phase,
        stacked(parts, float(uses[0].cores), f"{phase}: cores used by {said}", height=14),
        tuple(f"{used:.2f}" for used in cores.values()),
    )


def facts(measurement: Measurement, origin: Origin) -> tuple[tuple[str, str], ...]:
    """What one wants to know before believing a figure: a name and a value each."""
    evidence = measurement.evidence
    uses = _uses(evidence)
    seconds = math.fsum(use.seconds for use in uses)
    pool = f"{evidence.pool_size} connections each" if evidence.pool_size else ""
    found = (
        ("Application", _kind(evidence)),
        ("Ran as", _shape(evidence)),
        ("Database pool", pool),
        ("Machine", machine(evidence, origin)),
        ("Probes", _probes(evidence)),
        ("Rate points", _points(evidence)),
        ("Stack samples", _samples(evidence)),
        ("Telemetry lost", _dropped(evidence)),
        ("Load generator", _cores(uses, "generator", seconds)),
        ("Other programs", _cores(uses, "neighbours", seconds)),
        ("Measured in", f"{measurement.seconds:.0f} s"),
        ("Versions", f"Surefoot {__version__} on Python {origin.python}"),
    )
    return tuple((name, value) for name, value in found if value)


def _shape(evidence: Evidence) -> str:
    if evidence.interface == "url":
        return ""
    slots = "threads" if evidence.interface == "wsgi" else "requests at a time"
    return f"{evidence.replicas} x {evidence.slots} {slots}"


def machine(evidence: Evidence, origin: Origin) -> str:
    """``"2 cores, Linux x86_64"``."""
    cores = max((use.cores for use in _uses(evidence)), default=0)
    return f"{cores} cores, {origin.system}" if cores else origin.system


def _uses(evidence: Evidence) -> list[HostUse]:
    uses = [block.host for probe in evidence.probes for block in probe.blocks]
    return uses + [point.host for point in evidence.points]


def _kind(evidence: Evidence) -> str:
    spelt = {"flask": "Flask", "fastapi": "FastAPI", "starlette": "Starlette"}
    if evidence.interface == evidence.framework == "tornado":
        return "Tornado"
    if evidence.interface == "url":
        return "seen from outside"
    interface = evidence.interface.upper()
    framework = spelt.get(evidence.framework, evidence.framework)
    return f"{framework} ({interface})" if framework else interface


def _probes(evidence: Evidence) -> str:
    return "; ".join(
        f"{_phase(probe)}: {probe.completed:,} requests in {len(probe.blocks)} blocks of a second"
        for probe in evidence.probes
    )


def _points(evidence: Evidence) -> str:
    counts = [point.completed for point in evidence.points]
    if not counts:
        return "none"
    return f"{len(counts)}, of {min(counts):,} to {max(counts):,} requests each"


def _samples(evidence: Evidence) -> str:
    stacks = [stack for probe in evidence.probes for stack in probe.stacks if stack.route]
    count = sum(stack.count for stack in stacks)
    if not evidence.sampled:
        return "sampling was off"
    return f"{count:,}, one every {quantity.latency(evidence.sampled)} in each worker"


def _dropped(evidence: Evidence) -> str:
    dropped = sum(probe.dropped for probe in evidence.probes)
    return f"{dropped:,} records" if dropped else "nothing"


def _cores(uses: list[HostUse], owner: str, seconds: float) -> str:
    if not seconds:
        return "not measured"
    used = math.fsum(getattr(use, owner) for use in uses) / seconds
    return f"{used:.2f} cores on average"


def command(evidence: Evidence) -> str:
    """How to measure the same again, from the same directory with the same workload."""
    slo = evidence.slo
    outside = evidence.interface == "url"
    words = ["surefoot", "measure", *(["--url"] if outside else []), evidence.target]
    words += ["--slo", f"{slo.latency * 1e3:g}ms", "--quantile", f"{slo.quantile:g}"]
    if not outside:
        words += ["--replicas", str(evidence.replicas)]
    if evidence.interface == "wsgi":
        words += ["--threads", str(evidence.slots)]
    return shlex.join([*words, "--html", "report.html"])
