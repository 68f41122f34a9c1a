"""Real servers on free ports in temporary folders, which tests may kill, freeze and count on."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

FIRST_PORT, LAST_PORT = 20000, 32000


def need(binary: str, package: str) -> str:
    # Debian keeps PostgreSQL's server and initdb out of the path.
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{binary}"), reverse=True)
    found = shutil.which(binary) or next(map(str, places), None)
    if found is None:
        reason = f"{binary} is not installed: apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def find_port() -> int:
    # Anywhere, so that processes that look at the same moment do not find the same one.
    for port in random.sample(range(FIRST_PORT, LAST_PORT), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("no port is free")


def wait_until_listening(port: int, process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"{process.args} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"{process.args} does not listen on {port}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


class Server:
    """A server that a test may stop, freeze and start again at the same address."""

    binary = package = ""

    def __init__(self, *options, unix=False):
        self.program = need(self.binary, self.package)
        self.options = options
        self.directory = Path(tempfile.mkdtemp(prefix="sf-server-"))
        self.socket = self.directory / "socket" if unix else None
        self.port = None if unix else find_port()
        self.process = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            # Nothing it holds is worth a second: that is what Memcached takes to end by itself.
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def command(self):
        raise NotImplementedError

    def start(self):
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, *self.command(), *self.options], stdout=log, stderr=log
            )
        if self.port:
            wait_until_listening(self.port, self.process)
        else:
            wait_until(lambda: _accepts(self.socket))

    def kill(self):
        self.thaw()
        self.process.kill()
        self.process.wait(10)
        if self.socket:
            self.socket.unlink(missing_ok=True)

    def restart(self):
        """All it held in memory is gone."""
        self.kill()
        self.start()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)

    def connect(self):
        """A plain socket, with time for a busy machine."""
        made = socket.socket(socket.AF_UNIX if self.socket else socket.AF_INET)
        made.settimeout(20)
        made.connect(str(self.socket) if self.socket else ("127.0.0.1", self.port))
        return made

    def said(self, command):
        """What it answers to one line."""
        with self.connect() as asking, asking.makefile("rb") as answer:
            asking.sendall(command.encode() + b"\r\n")
            return self.read(answer)


class RedisServer(Server):
    binary, package = "redis-server", "redis-server"

    def command(self):
        address = ["--unixsocket", self.socket, "--port", "0"] if self.socket else []
        address = address or ["--port", str(self.port), "--bind", "127.0.0.1"]
        return [*address, "--save", "", "--dir", self.directory]

    @property
    def url(self):
        return f"unix://{self.socket}" if self.socket else f"redis://127.0.0.1:{self.port}"

    @staticmethod
    def read(answer):
        head = answer.readline()
        if head.startswith(b"$"):
            return answer.read(int(head[1:]) + 2)[:-2].decode()
        return head[1:].strip().decode()

    def counts(self):
        """How often it ran each command: names in small letters."""
        lines = self.said("INFO commandstats").splitlines()
        rows = [line.removeprefix("cmdstat_").partition(":calls=") for line in lines]
        return {name: int(rest.partition(",")[0]) for name, _, rest in rows if rest}


class MemcachedServer(Server):
    binary, package = "memcached", "memcached"

    def command(self):
        address = ["-s", self.socket, "-a", "600"] if self.socket else []
        address = address or ["-l", "127.0.0.1", "-p", str(self.port), "-U", "0"]
        return [*address, "-m", "16", *(["-u", "root"] if os.geteuid() == 0 else [])]

    @property
    def url(self):
        return f"memcached://{self.socket}" if self.socket else f"memcached://127.0.0.1:{self.port}"

    @staticmethod
    def read(answer):
        lines = []
        while (line := answer.readline().strip()) not in {b"END", b"OK", b""}:
            lines.append(line.decode())
        return "\n".join(lines)

    def counts(self):
        """Its own statistics, as ``cmd_get`` and ``cas_hits``."""
        rows = [line.split() for line in self.said("stats").splitlines()]
        return {row[1]: int(row[2]) for row in rows if len(row) == 3 and row[2].isdigit()}


class SlowProxy:
    """Passes on what a server on a local port says, each piece after a while.

    Args:
        port: Of the server.
        seconds: How long an answer takes more.
    """

    def __init__(self, port, seconds):
        self.target = port
        self.seconds = seconds
        self._listening = socket.create_server(("127.0.0.1", find_port()))
        self.port = self._listening.getsockname()[1]
        self._ends = []
        self._threads = []
        self._thread(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in (self._listening, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(20)
        for end in (self._listening, *self._ends):
            end.close()

    def _thread(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                self._ends += [near, far]
                self._thread(self._pass, near, far, False)
                self._thread(self._pass, far, near, True)

    def _pass(self, source, target, late):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if late:
                    time.sleep(self.seconds)
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


def wait_until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def _accepts(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
