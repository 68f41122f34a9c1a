"""A measurement as a JSON document with a versioned schema."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Final

from surefoot import __version__
from surefoot.core.function import Function
from surefoot.core.records import (
    Change,
    CodeEdit,
    Diagnosis,
    Finding,
    RatePoint,
    Reusable,
    RouteDiagnosis,
    Station,
)
from surefoot.core.together import Together
from surefoot.toolbox.measure.run import Measurement, beyond_throughput
from surefoot.toolbox.report.caches import caches_document

__all__ = ["SCHEMA", "document"]

SCHEMA: Final = 1


def document(measurement: Measurement) -> dict[str, Any]:
    """The whole result; keys are only ever added within one ``schema``."""
    evidence, diagnosis = measurement.evidence, measurement.diagnosis
    slo = diagnosis.slo
    return {
        "schema": SCHEMA,
        "surefoot": __version__,
        "target": evidence.target,
        "interface": evidence.interface,
        "framework": evidence.framework,
        "replicas": evidence.replicas,
        "slots": evidence.slots,
        "pool_size": evidence.pool_size,
        "host": {
            "cores": measurement.model.cores,
            "generator_ms": _ms(measurement.model.full.generator),
        },
        "seconds": round(measurement.seconds, 1),
        "interrupted": measurement.interrupted,
        "valid": diagnosis.valid,
        "why_invalid": diagnosis.why_invalid,
        "slo": {
            "latency_ms": _ms(slo.latency),
            "quantile": slo.quantile,
            "errors": slo.errors,
        },
        "capacity": {
            "rps": _round(diagnosis.capacity.rps),
            "low": _round(diagnosis.capacity.low),
            "high": _round(diagnosis.capacity.high),
        },
        "predicted": {
            "saturation_rps": _round(diagnosis.predicted_saturation),
            "slo_rps": _round(diagnosis.predicted_slo),
        },
        "measured": {"saturation_rps": _round(beyond_throughput(evidence))},
        "bottleneck": _bottleneck(diagnosis),
        "resources": [_station(station) for station in diagnosis.stations],
        "unexplained": round(diagnosis.unexplained, 4),
        "routes": [_route(route) for route in diagnosis.routes],
        "caches": caches_document(evidence),
        "reusable": [_reusable(each) for each in evidence.reusable],
        "functions": [_function(each) for each in evidence.functions],
        "changes": [_change(change) for change in diagnosis.changes],
        "points": [_point(point) for point in evidence.points],
        "together": _together(evidence.together),
        "notes": list(diagnosis.notes),
    }


def _together(found: Together | None) -> dict[str, Any] | None:
    return None if found is None else dataclasses.asdict(found) | {"safe": found.safe}


def _bottleneck(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "resource": str(diagnosis.bottleneck) if diagnosis.bottleneck else None,
        "confidence": round(diagnosis.confidence, 3),
        "also": [str(resource) for resource in diagnosis.also],
        "evidence": [_finding(finding) for finding in diagnosis.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "text": finding.text,
        "file": finding.file,
        "line": finding.line,
        "share": round(finding.share, 4),
    }


def _station(station: Station) -> dict[str, Any]:
    return {
        "name": str(station.resource),
        "demand_ms": _ms(station.demand),
        "capacity": round(station.capacity, 3),
        "utilisation": round(station.utilisation, 4),
        "bound_rps": _round(station.bound),
    }


def _route(route: RouteDiagnosis) -> dict[str, Any]:
    return {
        "route": route.route,
        "share": round(route.share, 4),
        "p50_ms": _ms(route.p50),
        "p99_ms": _ms(route.p99),
        "errors": round(route.errors, 5),
        "demands": {str(resource): _ms(seconds) for resource, seconds in route.demands},
        "evidence": [_finding(finding) for finding in route.findings],
    }


def _reusable(each: Reusable) -> dict[str, Any]:
    return {
        "route": each.route,
        "tried": each.tried,
        "kept": each.kept,
        "why_not": each.why,
        "alike": each.alike,
        "users": each.users,
        "reuse": [{"requests": life, "share": round(hits, 4)} for life, hits in each.reuse],
    }


def _function(each: Function) -> dict[str, Any]:
    return {
        "name": each.name,
        "file": each.file,
        "line": each.line,
        "routes": list(each.routes),
        "told_by": each.told_by,
        "tables": list(each.tables),
        "reuse": [{"requests": life, "share": round(hits, 4)} for life, hits in each.reuse],
        "unknown": each.unknown,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "lever": change.lever,
        "where": change.where,
        "relieves": str(change.relieves),
        "stage": change.stage,
        "predicted_gain": round(change.predicted_gain, 3),
        "how": change.how,
        "arithmetic": change.arithmetic,
        "risk": change.risk,
        "decided_on": [measure.value for measure in change.on],
        "guards": [measure.value for measure in change.guards],
        "preconditions": list(change.preconditions),
        "stale_s": change.stale,
        "action": _action(change),
    }


def _action(change: Change) -> Mapping[str, Any]:
    action = change.action
    if isinstance(action, tuple):
        edits = [{"key": e.key, "before": e.before, "after": e.after} for e in action]
        return {**edits[0], "edits": edits}
    if isinstance(action, CodeEdit):
        told = {"file": action.file, "line": action.line, "advice": action.advice}
        return told | ({"diff": action.diff} if action.diff else {})
    return {"forward": action.forward, "inverse": action.inverse}


def _point(point: RatePoint) -> dict[str, Any]:
    return {
        "rate": _round(point.rate),
        "seconds": round(point.seconds, 2),
        "completed_rps": _round(point.throughput),
        "p50_ms": _ms(point.p50),
        "p99_ms": _ms(point.p99),
        "judged": point.judged,
        "judged_ms": _ms(point.quantile),
        "low_ms": _ms(point.low),
        "high_ms": _ms(point.high),
        "errors": point.errors,
        "verdict": point.verdict,
        "why": point.why,
        "valid": point.valid,
        "beyond": point.beyond,
    }


def _ms(seconds: float) -> float | None:
    return None if math.isinf(seconds) else round(seconds * 1e3, 4)


def _round(rate: float) -> float | None:
    return None if math.isinf(rate) else round(rate, 2)
