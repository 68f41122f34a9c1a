"""What a tune did, as a JSON document with a versioned schema."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from surefoot import __version__
from surefoot.core.proof import Ratio, document
from surefoot.core.records import Capacity, Change, CodeEdit, OutsideAction
from surefoot.toolbox.report import walk
from surefoot.toolbox.report.walk import Row
from surefoot.toolbox.tune.run import Tuned
from surefoot.toolbox.tune.state import Found

__all__ = ["SCHEMA", "tune_document"]

SCHEMA: Final = 1


def tune_document(tuned: Tuned, target: str) -> dict[str, Any]:
    """The whole result; keys are only ever added within one ``schema``."""
    state = tuned.state
    return {
        "schema": SCHEMA,
        "surefoot": __version__,
        "target": target,
        "until": state.goal.until if math.isfinite(state.goal.until) else None,
        "start": _capacity(tuned.start),
        "end": _capacity(tuned.end),
        "total_gain": _ratio(walk.total(tuned)),
        "steps": [_step(row) for row in walk.rows(tuned)],
        "measured": [_found(found) for found in state.found],
        "edits": [_edit(change) for change in state.edits],
        "untried": [_change(change) for change in state.candidates],
        "skipped": [_change(one.change) | {"why": one.why} for one in state.skipped],
        "seconds": round(tuned.seconds, 1),
        "stopped": tuned.stopped.value,
        "failure": tuned.failure,
    }


def _capacity(found: Found | None) -> Mapping[str, float] | None:
    return None if found is None else _rates(found.capacity)


def _rates(capacity: Capacity) -> dict[str, float]:
    return {
        "rps": round(capacity.rps, 2),
        "low": round(capacity.low, 2),
        "high": round(capacity.high, 2),
    }


def _found(found: Found) -> dict[str, Any]:
    bottleneck = str(found.bottleneck) if found.bottleneck else None
    return {
        **_rates(found.capacity),
        "bottleneck": bottleneck,
        "valid": found.valid,
        "unsafe": found.unsafe,
    }


def _step(row: Row) -> dict[str, Any]:
    verdict = document(row.verdict)
    return {
        **_change(row.change),
        "proven_gain": round(row.gain.value, 4) if row.gain else None,
        "proven_interval": _ratio(row.gain),
        "verdict": verdict["verdict"],
        "decided_on": verdict["decided_on"],
        "kept": row.step.kept,
        "why": row.verdict.why,
        "pairs": verdict["pairs"],
        "answers": verdict["answers"],
        "everybody": verdict["everybody"],
        "findings": verdict["findings"],
        "seconds": round(row.verdict.seconds, 1),
        "change": row.step.number or None,
    }


def _change(change: Change) -> dict[str, Any]:
    found: dict[str, Any] = {
        "lever": change.lever,
        "where": change.where,
        "predicted_gain": round(change.predicted_gain, 3),
        "how": change.how,
    }
    if isinstance(change.action, tuple):
        found["edits"] = [
            {"key": e.key, "before": e.before, "after": e.after} for e in change.action
        ]
    return found


def _edit(change: Change) -> dict[str, Any]:
    action = change.action
    found = _change(change) | {"arithmetic": change.arithmetic, "risk": change.risk}
    if isinstance(action, CodeEdit):
        return found | {
            "file": action.file,
            "line": action.line,
            "advice": action.advice,
            "diff": action.diff,
        }
    if isinstance(action, OutsideAction):
        return found | {"forward": action.forward, "inverse": action.inverse}
    return found


def _ratio(ratio: Ratio | None) -> dict[str, float | None] | None:
    if ratio is None:
        return None
    told = {"value": ratio.value, "low": ratio.low, "high": ratio.high}
    return {name: round(end, 4) if math.isfinite(end) else None for name, end in told.items()}
