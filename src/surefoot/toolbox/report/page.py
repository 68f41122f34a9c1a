"""A measurement as one page to look at: no other file, no network, no script needed to read it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

from surefoot.core.records import StackSample
from surefoot.toolbox.measure.run import Measurement, beyond_throughput
from surefoot.toolbox.report import content, flame, plots, quantity, routes, validity
from surefoot.toolbox.report.caches import cache_rows
from surefoot.toolbox.report.environment import asset, render
from surefoot.toolbox.report.headline import headline, promise

__all__ = ["page"]

_ROUTES_SHOWN: Final = 12
_ROUTES_DRAWN: Final = 4
_FUNCTIONS: Final = 12


def page(measurement: Measurement, origin: validity.Origin | None = None) -> str:
    """The page, as HTML.

    Args:
        measurement: What to show.
        origin: Where and when it was made; this machine, now, where not given.
    """
    return render("page.html.jinja", **_values(measurement, origin or validity.here()))


def _values(measurement: Measurement, origin: validity.Origin) -> dict[str, Any]:
    evidence, diagnosis = measurement.evidence, measurement.diagnosis
    rows = routes.routes(diagnosis)
    script = asset("page.js")
    return {
        "script": script,
        "script_hash": _hash(script),
        "head": headline(measurement),
        "written": f"{origin.written:%Y-%m-%d %H:%M} UTC",
        "cores": validity.machine(evidence, origin),
        "promise": promise(diagnosis.slo),
        "quantile": quantity.quantile_name(diagnosis.slo.quantile),
        "diagnosis": diagnosis,
        "cards": content.cards(diagnosis),
        "latency": _latency(measurement),
        "symbols": {kind: _symbol(kind) for kind in _SYMBOLS},
        "points": content.points(evidence),
        "resources": content.resources(diagnosis),
        "owner": content.owner(diagnosis),
        "caches": cache_rows(evidence),
        "routes": rows[:_ROUTES_SHOWN],
        "other_routes": rows[_ROUTES_SHOWN:],
        "legend": routes.legend(diagnosis),
        "proofs": content.proofs(diagnosis.findings),
        "flames": _flames(measurement),
        "sampled": evidence.sampled,
        "predictions": validity.predictions(measurement),
        "checks": validity.checks(measurement),
        "facts": validity.facts(measurement, origin),
        "cpu": validity.cpu(evidence),
        "command": validity.command(evidence),
    }


_SYMBOLS: Final = ("pass", "fail", "undecided", "beyond", "invalid")


def _symbol(kind: str) -> str:
    return (
        f'<svg class="symbol" width="16" height="16" aria-hidden="true">'
        f"{plots.symbol(kind, 8, 8, 5)}</svg>"
    )


def _latency(measurement: Measurement) -> dict[str, str]:
    evidence, diagnosis = measurement.evidence, measurement.diagnosis
    capacity = diagnosis.capacity
    beyond = beyond_throughput(evidence)
    marks = [
        _mark(capacity.rps, "capacity", "capacity"),
        _mark(diagnosis.predicted_slo, "capacity predicted", "predicted"),
        _mark(diagnosis.predicted_saturation, "most predicted", "predicted"),
        _mark(beyond, "most completed", "measured"),
    ]
    plot = plots.LatencyPlot(
        points=evidence.points,
        curve=measurement.curve,
        slo=diagnosis.slo,
        marks=marks,
        band=(capacity.low, capacity.high) if capacity.rps else None,
    )
    label = f"Latency against rate; capacity {quantity.per_second(capacity.rps)}"
    return {
        "wide": plots.latency(plot, plots.WIDE, label),
        "middle": plots.latency(plot, plots.MIDDLE, label),
        "narrow": plots.latency(plot, plots.NARROW, label),
    }


def _mark(rate: float, what: str, kind: str) -> plots.Mark:
    return plots.Mark(rate, f"{what} {quantity.per_second(rate)}", kind)


def _flames(measurement: Measurement) -> list[dict[str, Any]]:
    """One flame graph of everything, and one for each of the routes seen most."""
    stacks = [s for probe in measurement.evidence.probes for s in probe.stacks if s.route]
    own = flame.own_packages(stacks)
    by_route: dict[str, list[StackSample]] = {}
    for stack in stacks:
        by_route.setdefault(stack.route, []).append(stack)
    first = sorted(by_route, key=lambda route: -sum(s.count for s in by_route[route]))
    groups = {"all routes": stacks} if stacks else {}
    groups |= {route: by_route[route] for route in first[:_ROUTES_DRAWN]}
    return [_flame(name, group, own) for name, group in groups.items()]


def _flame(name: str, stacks: list[StackSample], own: frozenset[str]) -> dict[str, Any]:
    root = flame.grow(stacks, name, own)
    states = ", ".join(
        f"{node.name} {quantity.share(node.count / root.count)}"
        for node in sorted(root.children.values(), key=lambda node: -node.count)
    )
    drawing = flame.draw(root, f"Flame graph of {name}: {states}")
    return {
        "name": name,
        "count": f"{root.count:,}",
        "states": states,
        "drawing": drawing,
        "functions": [
            (
                function.name,
                quantity.share(function.share),
                ", ".join(s for s, _ in function.states),
            )
            for function in flame.functions(root, _FUNCTIONS)
        ],
    }


def _hash(script: str) -> str:
    """What the page's policy knows its only script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
