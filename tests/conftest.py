"""Servers and commands that several areas test with; all are stopped by their pid."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from servers import find_port, need, stop, wait_until_listening

# The contract suites are shipped with the package, and say more when pytest reads their asserts;
# so do the modules in support.
pytest.register_assert_rewrite("surefoot.testing", "command", "serving")


def pytest_collection_modifyitems(items):
    """What waits for a quiet machine is not run beside other tests."""
    for item in items:
        if "quiet" in item.fixturenames:
            item.add_marker("alone")


@pytest.fixture(scope="session")
def free_port():
    """A function that finds a free port below the ephemeral ones."""
    return find_port


@pytest.fixture(scope="session")
def postgres():
    """The URL of an empty PostgreSQL database of this session."""
    server, initdb = need("postgres", "postgresql"), need("initdb", "postgresql")
    directory = Path(tempfile.mkdtemp(prefix="sf-pg-"))
    user: list[str] = []
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        shutil.chown(directory, "nobody", "nogroup")
    data, port = directory / "data", find_port()
    log = directory / "log"
    made = [*user, initdb, "-D", data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60)
    settings = ["-F", "-k", "", "-h", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as output:
        command = [*user, server, "-D", data, *settings]
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd="/")
    try:
        wait_until_listening(port, process)
        url = f"postgresql://tester@127.0.0.1:{port}/postgres"
        _wait_until_started(url)
        yield url
    finally:
        stop(process)
        shutil.rmtree(directory, ignore_errors=True)


def _wait_until_started(url: str, seconds: float = 20) -> None:
    # It listens a moment before it lets anybody in.
    end = time.monotonic() + seconds
    while not _lets_in(url) and time.monotonic() < end:
        time.sleep(0.05)


def _lets_in(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as error:
        return "starting up" not in str(error)
    return True


@pytest.fixture(scope="session")
def mariadb():
    """Port of a MariaDB of this session that lets everybody in; its database ``test`` is empty."""
    directory = Path(tempfile.mkdtemp(prefix="sf-maria-"))
    (directory / "init.sql").write_text("create database test;\n")
    port = find_port()
    command = [need("mariadbd", "mariadb-server"), "--no-defaults", "--skip-grant-tables"]
    command += [f"--datadir={directory}/data", f"--socket={directory}/socket", f"--port={port}"]
    command += [f"--init-file={directory}/init.sql", f"--pid-file={directory}/pid"]
    command += ["--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0"]
    command += ["--innodb-log-file-size=4M", "--innodb-buffer-pool-size=16M"]
    command += ["--user=root"] if os.geteuid() == 0 else []
    (directory / "data").mkdir()
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until_listening(port, process)
        yield str(port)
    finally:
        stop(process)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """Makes a virtual environment with these packages; returns its interpreter.

    ``SUREFOOT_TEST_ENVIRONMENTS`` names a directory in which they are kept from run to run.
    """
    kept = os.environ.get("SUREFOOT_TEST_ENVIRONMENTS")
    root = Path(kept) if kept else tmp_path_factory.mktemp("environments")

    def make(name, *packages):
        python = root / name / "bin" / "python"
        done = root / name / "complete"
        root.mkdir(parents=True, exist_ok=True)
        wanted = " ".join(packages)
        with (root / f"{name}.lock").open("w") as lock:
            # Another worker may be at it.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists() or done.read_text() != wanted:
                # This interpreter's pip serves: one in each environment takes seconds to install.
                made = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(root / name)]
                subprocess.run(made, check=True)
                pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
                pip += ["--disable-pip-version-check"]
                subprocess.run([*pip, *packages], check=True, timeout=400)
                done.write_text(wanted)
        return python

    return make


@pytest.fixture(scope="session")
def redis_server():
    """Host and port of an empty Redis of this session."""
    binary, port = need("redis-server", "redis-server"), find_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until_listening(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        stop(process)


@pytest.fixture(scope="session")
def memcached_server():
    """Host and port of an empty Memcached of this session."""
    binary, port = need("memcached", "memcached"), find_port()
    command = [binary, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "16"]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until_listening(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        stop(process)


@pytest.fixture
def quiet():
    """Waits until other programs leave most of the machine, for at most two minutes.

    What bounds an application is decided by who uses the cores; beside a build it is the build.
    """
    stat = Path("/proc/stat")
    end = time.monotonic() + 120
    while stat.exists() and time.monotonic() < end:
        before, began = _busy(stat), time.monotonic()
        time.sleep(0.5)
        if _busy(stat) - before < 0.25 * (time.monotonic() - began) * (os.cpu_count() or 1):
            return


def _busy(stat: Path) -> float:
    user, nice, system = map(int, stat.read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


# --- The command itself ---------------------------------------------------------------------------

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


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

    def start(self, *words, cwd=None, stderr=subprocess.PIPE):
        return subprocess.Popen(
            [sys.executable, "-m", "surefoot", *words],
            cwd=cwd or self.directory,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def __call__(self, *words, cwd=None, timeout=150):
        out = self.directory / f"{uuid.uuid4().hex}.json"
        if words[0] in {"measure", "prove", "tune", "plan"} and "--json" not in words:
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
