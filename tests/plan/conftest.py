"""Documents of measurements as ``surefoot measure --json`` writes them, made up on purpose."""

from __future__ import annotations

import json

import pytest


def made_up(**changes):
    found = {
        "schema": 1,
        "target": "shop.wsgi:application",
        "interface": "wsgi",
        "replicas": 1,
        "slots": 4,
        "pool_size": 5,
        "valid": True,
        "why_invalid": "",
        "slo": {"latency_ms": 250.0, "quantile": 0.99, "errors": 0.001},
        "capacity": {"rps": 96.0, "low": 92.0, "high": 100.0},
        "bottleneck": {"resource": "app.cpu", "confidence": 1.0, "also": [], "evidence": []},
        "host": {"cores": 2, "generator_ms": 0.5},
        "resources": [
            {"name": "app.cpu", "demand_ms": 8.0, "capacity": 1.0},
            {"name": "app.threads", "demand_ms": 20.0, "capacity": 4.0},
            {"name": "host.cpu", "demand_ms": 10.0, "capacity": 1.9},
            {"name": "db.cpu", "demand_ms": 1.5, "capacity": 1.9},
            {"name": "db.pool", "demand_ms": 9.0, "capacity": 5.0},
        ],
        "routes": [{"demands": {"app.cpu": 7.0, "db.wait": 3.0, "http.prices:9001": 2.0}}],
        "changes": [
            {"lever": "replicas", "where": "server.replicas", "how": "h", "predicted_gain": 1.9},
            {"lever": "eager-load", "where": "v.py:4", "how": "load", "predicted_gain": 1.5},
        ],
    }
    return found | changes


@pytest.fixture
def document():
    return made_up


@pytest.fixture
def written(tmp_path):
    """A function that writes such a document and gives its path."""

    def write(name="result.json", **changes):
        path = tmp_path / name
        path.write_text(json.dumps(made_up(**changes)))
        return path

    return write
