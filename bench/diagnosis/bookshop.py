"""Runs ``surefoot measure`` on a bookshop with chosen faults, beside the services it asks."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TARGETS = {
    "flask": "flask_bookshop.app:create_app()",
    "pyramid": "pyramid_bookshop.app:create_app()",
    "fastapi": "fastapi_bookshop.app:create_app()",
    "django": "django_bookshop.wsgi:application",
}


@dataclass(frozen=True)
class Case:
    """One configuration of one bookshop."""

    example: str
    faults: str = "none"
    workload: str = "workload.toml"
    database: str = "sqlite"
    replicas: int = 1
    threads: int = 4
    seconds: float = 4.0
    slo: str = "250ms"
    environ: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.example} {self.database} {self.faults} {self.replicas}x{self.threads}"


def measure(case: Case, environ: Mapping[str, str]) -> dict[str, Any]:
    """The JSON document of one run; what the command said where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "result.json"
        command = [
            str(Path(sys.executable).with_name("surefoot")),
            "measure",
            TARGETS[case.example],
            *("--workload", case.workload, "--seconds", str(case.seconds), "--slo", case.slo),
            *("--replicas", str(case.replicas), "--threads", str(case.threads)),
            *("--python", sys.executable, "--json", str(out)),
        ]
        env = {**os.environ, **environ, **case.environ, "BOOKSHOP_FAULTS": case.faults}
        done = subprocess.run(
            command, cwd=EXAMPLES, env=env, capture_output=True, text=True, check=False, timeout=400
        )
        if not out.exists():
            return {"failed": (done.stderr or done.stdout).strip()}
        found: dict[str, Any] = json.loads(out.read_text())
        return found


@contextlib.contextmanager
def services() -> Iterator[dict[str, str]]:
    """The price, delivery and mail services; yields the environment that points to them."""
    command = [sys.executable, "services.py", "--http-port", "0", "--mail-port", "0"]
    with subprocess.Popen(command, cwd=EXAMPLES, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield {"BOOKSHOP_SERVICES": told["http"], "BOOKSHOP_MAIL": told["mail"]}
        finally:
            process.terminate()


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server of this run; empty where its programs are not installed."""
    server, initdb = shutil.which("postgres"), shutil.which("initdb")
    if server is None or initdb is None:
        print("no PostgreSQL: its rows are left out (apt-get install postgresql)", file=sys.stderr)
        yield ""
        return
    directory = Path(tempfile.mkdtemp(prefix="surefoot-pg-"))
    user: list[str] = []
    if os.geteuid() == 0:
        user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        shutil.chown(directory, "nobody", "nogroup")
    data, port = directory / "data", _free_port()
    made = [*user, initdb, "-D", str(data), "-U", "bench", "-A", "trust", "-E", "UTF8"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/")
    run = [*user, server, "-D", str(data), "-k", "", "-h", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(run, cwd="/", stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield f"postgresql://bench@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(directory, ignore_errors=True)


def _free_port() -> int:
    for port in range(21_000 + os.getpid() % 5000, 32_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise SystemExit("no port is free")


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise SystemExit("PostgreSQL did not start")
