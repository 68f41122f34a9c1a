"""A measurement on one screen of a terminal."""

from __future__ import annotations

import math
import textwrap

from surefoot import units
from surefoot.core.measures import Measure
from surefoot.core.records import Change, Diagnosis, Station
from surefoot.toolbox.measure.run import Measurement, beyond_throughput
from surefoot.toolbox.measure.safety import remedy
from surefoot.toolbox.report.caches import cache_lines

__all__ = ["screen"]

_WIDTH = 96
_RESOURCES = 6
_CHANGES = 4
_FINDINGS = 3


def screen(measurement: Measurement, width: int = _WIDTH) -> str:
    """The summary, at most one screen of lines of at most ``width`` characters."""
    diagnosis = measurement.diagnosis
    lines = [
        *_unsafe(measurement, width),
        *_headline(measurement),
        "",
        *_resources(diagnosis),
        "",
        *cache_lines(measurement.evidence),
        *_evidence(diagnosis, width),
        *_changes(diagnosis, width),
        *_closing(measurement, width),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _unsafe(measurement: Measurement, width: int) -> list[str]:
    found = measurement.evidence.together
    if found is None or found.safe:
        return []
    told = f"WRONG ANSWERS: {found}; {remedy(measurement.evidence.interface)}"
    return _wrapped(told, width, "", "  ")


def _headline(measurement: Measurement) -> list[str]:
    diagnosis, evidence = measurement.diagnosis, measurement.evidence
    capacity = diagnosis.capacity
    lines = []
    if not diagnosis.valid:
        lines.append(f"INVALID RUN: {diagnosis.why_invalid}")
    if measurement.interrupted:
        lines.append("interrupted: this is what was measured until then")
    lines.append(f"{evidence.target}: {_capacity_words(diagnosis)}   ({diagnosis.slo})")
    predicted = (
        f"predicted {units.format_rate(diagnosis.predicted_slo)} at the SLO, "
        f"{units.format_rate(diagnosis.predicted_saturation)} at saturation"
    )
    beyond = beyond_throughput(evidence)
    if beyond:
        predicted += f"; {units.format_rate(beyond)} was completed beyond it"
    lines.append(f"  {predicted}")
    if diagnosis.bottleneck:
        sure = f"first in {diagnosis.confidence:.0%} of the resamples"
        if diagnosis.also:
            sure += f"; cannot be told from {', '.join(map(str, diagnosis.also))}"
        lines.append(f"  bottleneck: {diagnosis.bottleneck} ({sure})")
    if capacity.rps == 0:
        lines.append("  no rate that was tried meets the SLO")
    return lines


def _capacity_words(diagnosis: Diagnosis) -> str:
    capacity = diagnosis.capacity
    if not capacity.rps:
        return "capacity 0/s"
    low, high = units.format_rate(capacity.low), units.format_rate(capacity.high)
    return f"capacity {units.format_rate(capacity.rps)} (between {low} and {high})"


def _resources(diagnosis: Diagnosis) -> list[str]:
    head = f"  {'resource':<14}{'demand':>10}{'capacity':>10}{'busy':>7}{'bound':>11}"
    return [head, *(_resource(s) for s in diagnosis.stations[:_RESOURCES])]


def _resource(station: Station) -> str:
    bound = "-" if math.isinf(station.bound) else units.format_rate(station.bound)
    return (
        f"  {station.resource!s:<14}{units.format_duration(station.demand):>10}"
        f"{station.capacity:>10.1f}{station.utilisation:>7.0%}{bound:>11}"
    )


def _evidence(diagnosis: Diagnosis, width: int) -> list[str]:
    lines: list[str] = []
    for finding in diagnosis.findings[:_FINDINGS]:
        lines += _wrapped(finding.text, width, first="  * ", rest="    ")
    if diagnosis.unexplained:
        lines.append(
            f"  unexplained: the workers used {diagnosis.unexplained:+.0%} CPU near capacity "
            "against what the probes found"
        )
    return [*lines, ""] if lines else []


def _changes(diagnosis: Diagnosis, width: int) -> list[str]:
    if not diagnosis.changes:
        return []
    lines = ["  what to try first, by predicted gain:"]
    for index, change in enumerate(diagnosis.changes[:_CHANGES], 1):
        lines += _change(index, change, width)
    return [*lines, ""]


def _change(index: int, change: Change, width: int) -> list[str]:
    # Most are of the capacity; what saves something else says so.
    of = "" if Measure.CAPACITY in change.on else f" {change.on[0].value}"
    first = f"  {index}. x{change.predicted_gain:.2f}{of}  "
    return _wrapped(f"{change.lever}: {change.how} ({change.arithmetic})", width, first, " " * 12)


def _closing(measurement: Measurement, width: int) -> list[str]:
    lines = [
        line
        for note in measurement.diagnosis.notes
        for line in _wrapped(note, width, "  note: ", "    ")
    ]
    dropped = sum(probe.dropped for probe in measurement.evidence.probes)
    if dropped:
        lines.append(f"  note: {dropped} records of telemetry were dropped")
    lines.append(f"  measured in {measurement.seconds:.0f} s")
    return lines


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest)
