"""Applications to measure, the command that measures them, and who is left afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@dataclass
class Run:
    """One ended ``surefoot`` command."""

    code: int
    out: str
    err: str
    result: dict | None


class Surefoot:
    def __init__(self, directory, environ):
        self.directory = directory
        self.mark = f"sf-test-{uuid.uuid4().hex}"
        told = {k: v for k, v in os.environ.items() if not k.startswith(("SUREFOOT_", "BOOKSHOP_"))}
        self.environ = told | environ | {"SUREFOOT_TEST_MARK": self.mark}

    def start(self, *words, cwd=None):
        return subprocess.Popen(
            [sys.executable, "-m", "surefoot", *words],
            cwd=cwd or self.directory,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words, cwd=None, timeout=150):
        out = self.directory / f"{uuid.uuid4().hex}.json"
        if words[0] == "measure" and "--json" not in words:
            words = (*words, "--json", str(out))
        with self.start(*words, cwd=cwd) as process:
            try:
                said, complained = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        assert "Traceback" not in complained.replace("| Traceback", "")
        result = json.loads(out.read_text()) if out.exists() else None
        return Run(process.returncode, said, complained, result)

    def left(self):
        """Processes of ours that still run: all inherit the mark in their environment."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def wait_until_nobody_is_left(self, seconds=10):
        end = time.monotonic() + seconds
        while self.left() and time.monotonic() < end:
            time.sleep(0.05)
        return self.left()


@pytest.fixture
def surefoot(tmp_path):
    made = Surefoot(tmp_path, {})
    yield made
    for pid in made.left():
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def services():
    """The world around the bookshops; gives the environment that points to it."""
    command = [sys.executable, "services.py", "--http-port", "0", "--mail-port", "0"]
    with subprocess.Popen(command, cwd=EXAMPLES, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        yield {"BOOKSHOP_SERVICES": told["http"], "BOOKSHOP_MAIL": told["mail"]}
        process.terminate()


@pytest.fixture
def bookshop(quiet, surefoot, services, tmp_path_factory):
    """Measures a bookshop with one fault, briefly."""
    data = tmp_path_factory.getbasetemp() / "bookshop-data"
    data.mkdir(exist_ok=True)

    def measure(example, fault, *words):
        surefoot.environ |= services | {"BOOKSHOP_FAULTS": fault, "BOOKSHOP_DATA": str(data)}
        return surefoot(
            "measure",
            f"{example}_bookshop.app:create_app()",
            *("--workload", f"workloads/{fault}.toml", "--seconds", "4"),
            *("--python", sys.executable),
            *words,
            cwd=EXAMPLES,
        )

    return measure


@pytest.fixture
def application(tmp_path):
    """Writes ``shop.py`` and a workload for it; returns the directory."""

    def write(code, *paths, **files):
        (tmp_path / "shop.py").write_text(code)
        lines = [f'[[request]]\npath = "{path}"\n' for path in paths or ("/",)]
        (tmp_path / "workload.toml").write_text("\n".join(lines))
        (tmp_path / "surefoot.toml").write_text(
            '[app]\ntarget = "shop:app"\n[workload]\nfile = "workload.toml"\n'
        )
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return write
