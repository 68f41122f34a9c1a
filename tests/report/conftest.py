"""Measurements made up on purpose, and a real Chromium to look at their pages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

from chromium import browser  # noqa: F401 - a fixture
from surefoot.core.records import (
    Block,
    Capacity,
    Change,
    CodeEdit,
    ConfigEdit,
    Diagnosis,
    Evidence,
    Finding,
    HostUse,
    OutsideAction,
    Probe,
    RatePoint,
    RouteDiagnosis,
    Slo,
    StackSample,
    Station,
)
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.fit import model_of
from surefoot.toolbox.measure.run import Measurement

settings.register_profile("surefoot", deadline=None)
settings.load_profile("surefoot")

_SERVER = ("threading.py:run", "gunicorn/workers/gthread.py:handle", "flask/app.py:wsgi_app")


class Build:
    """Values as a run on a small machine gives them; every part can be replaced."""

    host = HostUse(
        seconds=1.0,
        cores=2,
        app=0.9,
        database=0.1,
        generator=0.05,
        neighbours=0.2,
        run_queue=0.01,
    )
    cpu, database = Resource(Kind.APP_CPU), Resource(Kind.DB_CPU)
    prices = Resource(Kind.HTTP, "prices:9001")

    def point(self, rate: float, verdict: str = "pass", **changes: Any) -> RatePoint:
        return RatePoint(
            **{
                "rate": rate,
                "seconds": 10.0,
                "sent": round(10 * rate),
                "completed": round(10 * rate),
                "errors": 0,
                "p50": 0.01 + rate / 1e4,
                "p99": 0.02 + rate / 1e3,
                "quantile": 0.02 + rate / 1e3,
                "low": 0.01 + rate / 1e3,
                "high": 0.04 + rate / 1e3,
                "verdict": verdict,
                "why": "",
                "judged": 0.99,
                "valid": True,
                "why_invalid": "",
                "host": self.host,
            }
            | changes
        )

    def probe(self, population: int = 1, **changes: Any) -> Probe:
        block = Block(
            completed=100,
            recorded=100,
            host=self.host,
            response=0.9,
            wall=0.8,
            cpu=0.7,
            db_cpu=0.1,
            db_wait=0.0,
            pool_wait=0.0,
            pool_held=0.0,
            loop=0.0,
            outside=0.0,
        )
        return Probe(
            **{"population": population, "blocks": (block,) * 4, "routes": (), "stacks": ()}
            | changes
        )

    def stacks(self) -> tuple[StackSample, ...]:
        view = (*_SERVER, "shop/views.py:books")
        return tuple(
            StackSample(1, route, state, frames, site, count)
            for route, state, frames, site, count in (
                ("GET /books", "cpu", (*view, "shop/prices.py:rank"), "shop/prices.py:9", 40),
                (
                    "GET /books",
                    "driver",
                    (*view, "sqlalchemy/base.py:execute"),
                    "shop/views.py:4",
                    9,
                ),
                ("GET /books", "lock", view, "shop/views.py:7", 5),
                ("GET /search", "wait", (*_SERVER, "shop/views.py:search"), "shop/views.py:20", 30),
                ("GET /search", "cpu", (*_SERVER, "gunicorn/util.py:write"), "", 3),
                ("", "cpu", ("threading.py:run",), "", 50),
            )
        )

    def route(self, name: str, **changes: Any) -> RouteDiagnosis:
        return RouteDiagnosis(
            **{
                "route": name,
                "share": 0.5,
                "p50": 0.012,
                "p99": 0.04,
                "errors": 0.0,
                "demands": ((self.cpu, 0.008), (self.database, 0.003), (self.prices, 0.001)),
                "findings": (Finding("db.cpu 25% of it: `SELECT 1` at shop/views.py:4"),),
            }
            | changes
        )

    def changes(self) -> tuple[Change, ...]:
        actions = (
            ("eager-load", "edit", CodeEdit("shop/views.py", 4, "load it at once")),
            ("replicas", "server", (ConfigEdit("server.replicas", 1, 2),)),
            ("add-index", "outside", OutsideAction("CREATE INDEX i ON b (c)", "DROP INDEX i")),
        )
        return tuple(
            Change(
                lever=lever,
                where="shop/views.py:4",
                relieves=self.cpu,
                stage=stage,
                action=action,
                predicted_gain=1.5,
                how="do it",
                arithmetic="2 become 1",
                risk="it may not help",
            )
            for lever, stage, action in actions
        )

    def diagnosis(self, **changes: Any) -> Diagnosis:
        return Diagnosis(
            **{
                "valid": True,
                "why_invalid": "",
                "slo": Slo(),
                "capacity": Capacity(96.0, 92.0, 100.0),
                "predicted_saturation": 120.0,
                "predicted_slo": 100.0,
                "bottleneck": self.cpu,
                "confidence": 0.97,
                "also": (),
                "findings": (
                    Finding(
                        "80 times `SELECT name FROM author` at shop/views.py:4",
                        "shop/views.py",
                        4,
                        0.7,
                    ),
                ),
                "stations": (
                    Station(self.cpu, 0.008, 1.0, 0.77),
                    Station(self.database, 0.003, 2.0, 0.14),
                ),
                "unexplained": 0.0,
                "routes": (self.route("GET /books"), self.route("GET /search")),
                "changes": self.changes(),
                "notes": ("other programs kept 1.0 of 2 cores busy",),
            }
            | changes
        )

    def evidence(self, **changes: Any) -> Evidence:
        return Evidence(
            **{
                "target": "shop.wsgi:application",
                "interface": "wsgi",
                "framework": "flask",
                "replicas": 1,
                "slots": 4,
                "pool_size": 10,
                "slo": Slo(),
                "sampled": 0.025,
                "probes": (self.probe(1, stacks=self.stacks()), self.probe(4)),
                "points": (
                    self.point(92.0),
                    self.point(96.0, "undecided", high=0.3),
                    self.point(100.0, "fail", quantile=0.4, low=0.3, high=float("inf")),
                    self.point(150.0, "fail", beyond=True, quantile=2.0, low=1.5, high=3.0),
                ),
            }
            | changes
        )

    def measurement(
        self, evidence: dict[str, Any] | None = None, curve: Any = None, **diagnosis: Any
    ) -> Measurement:
        interrupted = diagnosis.pop("interrupted", False)
        run = self.evidence(**(evidence or {}))
        if curve is None:
            curve = tuple((8.0 * k, 0.01 + 0.001 * k, 0.02 * 1.2**k) for k in range(1, 17))
        model = model_of(self.evidence(), 2)
        return Measurement(run, self.diagnosis(**diagnosis), model, curve, 61.2, interrupted)


@pytest.fixture(scope="session")
def build() -> Build:
    return Build()
