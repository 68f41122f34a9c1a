"""Shows Surefoot on the example bookshop: runs it in two replicas, then tunes it.

Takes four to five minutes and leaves two files in ``out/``: the walk as a page and as JSON. The
configuration that is tuned, its journal and the data are in a directory that is taken away again.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from surefoot.toolbox.signals import signals_held

ROOT: Final = Path(__file__).resolve().parents[1]
EXAMPLES: Final = ROOT / "examples"
OUT: Final = ROOT / "out"
PAGE: Final = OUT / "bookshop.html"
MINUTES: Final = "4.2"
"""What tuning may take when no argument says otherwise: all of the demo stays below 300 s."""

CONFIGURATION: Final = """
[app]
target = "flask_bookshop.app:create_app()"
directory = {examples}
python = {python}

[server]
# where one begins
replicas = 1
threads = 4

[workload]
file = {workload}

[data]
# every proof gets copies of its own
url_env = "DATABASE_URL"
disposable = true
"""
NEXT: Final = """
The walk to look at: {page}

Next: your own application, from its directory:

    surefoot tune yourpackage.wsgi:application --until 500rps --html walk.html

or the bookshop with another fault in it: docs/how-to/faults.md
"""
PAGES: Final = (
    "/",
    "/books?page=1",
    "/books?page=250",
    "/books/1",
    "/books/20000",
    "/search?q=silent+river",
    "/search?q=golden+lantern",
    "/books/77/recommendations",
    "/books/77/price",
    "/stock/77",
)


@contextlib.contextmanager
def started(command: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """A process that is stopped at the end."""
    process = None
    try:
        with signals_held():
            process = subprocess.Popen(command, text=True, **{"cwd": EXAMPLES} | options)
        yield process
    finally:
        if process is not None:
            # A signal that comes now must not leave it behind.
            with signals_held():
                stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """Ask a process to end, wait for that, and kill it when 40 seconds were not enough."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Screen(threading.Thread):
    """Passes on what ``surefoot run`` prints; ``complete`` once its last replica was shown."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        self.complete = threading.Event()
        self._process = process
        self.start()

    def run(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                print(line, end="", flush=True)
                if "/1.sock" in line:
                    self.complete.set()


def free_address() -> str:
    """A loopback address whose port nobody listens on, below those of outgoing connections."""
    for port in random.sample(range(20_000, 30_000), 50):
        with socket.socket() as probe:
            # A port that just served is still usable, as it is for the servers themselves.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return f"127.0.0.1:{port}"
    raise SystemExit("demo: no free port on 127.0.0.1")


def wait_for(address: str, process: subprocess.Popen[str]) -> None:
    """Return once the bookshop answers."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://{address}/", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("demo: the bookshop did not start")


def read(address: str) -> None:
    """Fetch the pages and say how each was answered."""
    for page in PAGES:
        begun = time.perf_counter()
        try:
            with urllib.request.urlopen(f"http://{address}{page}", timeout=10) as answer:
                status, size = answer.status, len(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                status, size = error.code, len(error.read())
        taken = (time.perf_counter() - begun) * 1e3
        print(f"  {status}  {taken:7.1f} ms  {size:6} bytes  {page}", flush=True)


def run(environ: dict[str, str]) -> int:
    """Two replicas and ten pages; returns the exit code of ``surefoot run``."""
    front = free_address()
    words = ["run", "--replicas", "2", "--listen", front]
    command = [sys.executable, "-m", "surefoot", *words]
    print("1. In examples/: surefoot", *words, flush=True)
    with started(command, env=environ, stdout=subprocess.PIPE) as process:
        wait_for(front, process)
        screen = Screen(process)
        screen.complete.wait(10)
        print("\nTen pages through the front address:", flush=True)
        read(front)
        print("\nStopping.", flush=True)
    screen.join(10)
    return process.returncode


def tune(directory: Path, environ: dict[str, str], minutes: str) -> int:
    """From one replica up the hill; returns the exit code of ``surefoot tune``."""
    OUT.mkdir(exist_ok=True)
    # A path as JSON writes it is a string of TOML, too.
    configuration = CONFIGURATION.format(
        examples=json.dumps(str(EXAMPLES)),
        python=json.dumps(sys.executable),
        workload=json.dumps(str(EXAMPLES / "workload.toml")),
    )
    (directory / "surefoot.toml").write_text(configuration.lstrip(), encoding="utf-8")
    files = ["--html", str(PAGE), "--json", str(OUT / "bookshop.json")]
    words = ["tune", "--minutes", minutes]
    print("\n2. In a directory of its own: surefoot", *words, "--html ... --json ...", flush=True)
    print("   (measure, prove one change after the other, keep what helps)\n", flush=True)
    command = [sys.executable, "-m", "surefoot", *words, *files]
    with started(command, env=environ, cwd=directory) as process:
        code = process.wait(600)
    print("\nWhat it left in surefoot.toml:\n", flush=True)
    print((directory / "surefoot.toml").read_text(encoding="utf-8"), flush=True)
    return code


def demo(directory: str, minutes: str) -> int:
    """Everything, with the data in ``directory``; returns the exit code."""
    ports = ["--http-port", "0", "--mail-port", "0"]
    command = [sys.executable, "services.py", *ports]
    with started(command, stdout=subprocess.PIPE) as services:
        assert services.stdout is not None
        with services.stdout:
            addresses = json.loads(services.stdout.readline())
        environ = dict(
            os.environ,
            DATABASE_URL=f"sqlite:///{directory}/bookshop.sqlite3",
            BOOKSHOP_SERVICES=addresses["http"],
            BOOKSHOP_MAIL=addresses["mail"],
        )
        environ.pop("BOOKSHOP_FAULTS", None)
        return run(environ) or tune(Path(directory), environ, minutes)


def main() -> int:
    """Returns the exit code."""
    # Ended by SIGTERM it stops what it started, as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="bookshop-") as directory:
            code = demo(directory, sys.argv[1] if sys.argv[1:] else MINUTES)
    except KeyboardInterrupt:
        return 130
    if code == 0:
        print(NEXT.format(page=os.path.relpath(PAGE)))
    return code


if __name__ == "__main__":
    sys.exit(main())
