"""Measurements made up on purpose, and a real Chromium to look at their pages."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

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

_PATIENCE = 60.0
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


# Chromium reads its commands from descriptor 3 and answers on 4.
_EXEC = """
import fcntl, os, sys
ours = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
os.dup2(ours[0], 3)
os.dup2(ours[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """Chromium over its debugging pipe: one page, opened and asked; no port, no network."""

    def __init__(self, program: str, profile: Path) -> None:
        read_theirs, self._write = os.pipe()
        self._read, write_theirs = os.pipe()
        command = [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            f"--user-data-dir={profile}",
            "--remote-debugging-pipe",
            "about:blank",
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _EXEC, str(read_theirs), str(write_theirs), *command],
            pass_fds=(read_theirs, write_theirs),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read_theirs)
        os.close(write_theirs)
        self._buffer = b""
        self._asked = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []

    def attach(self) -> None:
        """Take over the page that it opened."""
        target = next(
            info["targetId"]
            for info in self.ask("Target.getTargets")["targetInfos"]
            if info["type"] == "page"
        )
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its answer; what happens meanwhile is kept in ``events``."""
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._asked:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0, until - time.monotonic()))
            assert ready, "Chromium does not answer"
            more = os.read(self._read, 1 << 20)
            assert more, "Chromium is gone"
            self._buffer += more
        first, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(first)

    def open(self, path: Path, width: int, *, scheme: str = "light", height: int = 900) -> None:
        """Show a page as a window or telephone of that width would."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.ask(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.events.clear()
        self.ask("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def happened(self, *methods: str) -> list[dict[str, Any]]:
        """The events of these kinds since the page was opened."""
        return [event["params"] for event in self.events if event.get("method") in methods]

    def close(self) -> None:
        os.close(self._write)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        os.close(self._read)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        message = "no chromium: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    opened = Browser(program, tmp_path_factory.mktemp("chromium"))
    try:
        opened.attach()
        yield opened
    finally:
        opened.close()
