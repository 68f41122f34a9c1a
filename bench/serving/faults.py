"""What users see of changes and of deaths, in front of two replicas.

    python bench/serving/faults.py [--runs 5] [--rate 1000] [--balancer haproxy] [EVENT...]

Users that never try again ask a small Flask application, reading and writing, over kept and over
fresh connections, from a process of their own. Its import sleeps 0.9 s and burns 0.1 s. For each
event: requests, those that failed by method and kind, writes that were done twice, and the longest
answer: the median of the runs, and the longest of all. Beside it stands the longest answer that a
bare echo gave meanwhile, asked 50 times a second: what the machine itself did to everybody.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from clients import Load, Seen
from projects import Project
from servers import find_port

BEFORE, AFTER, SETTLED = 1.0, 2.5, 30.0
IMPORT = {"IMPORT_SECONDS": "0.9", "IMPORT_CPU": "0.1"}


class Echo:
    """A bare server and a client of it, and the longest answer so far."""

    def __enter__(self) -> Self:
        self.longest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            client = socket.create_connection(server.getsockname())
            served, _ = server.accept()
        answering = threading.Thread(target=self._answer, args=(served,))
        answering.start()
        with client:
            while not self._stop.is_set():
                at = time.monotonic()
                client.sendall(b"x")
                client.recv(1)
                self.longest = max(self.longest, time.monotonic() - at)
                time.sleep(0.02)
        answering.join()

    def _answer(self, served: socket.socket) -> None:
        with served:
            while data := served.recv(1):
                served.sendall(data)


def kill(project: Project, which: Callable[[dict], int], number: int = signal.SIGKILL) -> None:
    """A signal for one process of the project."""
    project.kill(which(project.status()), number)


def changed(project: Project, *words: str) -> None:
    """A command that has to succeed."""
    done = project.surefoot(*words)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stderr}")


def configured(project: Project) -> None:
    """One thread more or one fewer, by the file."""
    path = project.directory / "surefoot.toml"
    text = path.read_text()
    threads = "threads = 6" if "threads = 5" in text else "threads = 5"
    kept = [line for line in text.splitlines() if not line.startswith("threads")]
    path.write_text("\n".join(kept).replace("[server]", f"[server]\n{threads}") + "\n")
    changed(project, "reload")


EVENTS: dict[str, Callable[[Project], None]] = {
    "nothing": lambda _: None,
    "reload": lambda project: changed(project, "reload"),
    "scale to 3": lambda project: changed(project, "scale", "3"),
    "scale to 2": lambda project: changed(project, "scale", "2"),
    "configuration": configured,
    "kill -9 a worker": lambda project: kill(project, lambda s: s["replicas"][0]["pid"]),
    "kill -9 its master": lambda project: kill(project, lambda s: s["replicas"][0]["group"]),
    "SIGSTOP a worker": lambda project: kill(
        project, lambda s: s["replicas"][0]["pid"], signal.SIGSTOP
    ),
    "kill -9 supervisor": lambda project: kill(project, lambda s: s["supervisor"]["pid"]),
    "kill -9 HAProxy": lambda project: kill(project, lambda s: s["balancer"]["pid"]),
}


@dataclass
class Row:
    """One event, of all runs."""

    requests: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    twice: int = 0
    longest: list[float] = field(default_factory=list)
    echo: list[float] = field(default_factory=list)

    def add(self, seen: Seen, twice: int, echo: float) -> None:
        """One run more."""
        self.requests += seen.requests
        for how, kinds in seen.kinds.items():
            self.failed.update({f"{how} {kind}": n for kind, n in kinds.items() if kind != "ok"})
        self.twice += twice
        self.longest.append(seen.longest)
        self.echo.append(echo)

    def text(self, name: str) -> str:
        """As a line of the table."""
        failed = ", ".join(f"{n} {kind}" for kind, n in sorted(self.failed.items())) or "0"
        times = [
            f"{statistics.median(each) * 1e3:.0f} ({max(each) * 1e3:.0f})"
            for each in (self.longest, self.echo)
        ]
        return f"| {name} | {self.requests:,} | {failed} | {self.twice} | {' | '.join(times)} |"


def settled(project: Project) -> None:
    """Wait until nothing is under way of what came before."""
    ending = time.monotonic() + SETTLED
    while any(each["state"] != "up" for each in project.status()["replicas"]) or (
        len(project.status()["replicas"]) != project.status()["wanted"]["replicas"]
    ):
        if time.monotonic() > ending:
            raise SystemExit(f"it does not settle: {project.status()}")
        time.sleep(0.2)


def once(project: Project, event: Callable[[Project], None], rate: float, row: Row) -> None:
    """The event under load, and what was seen of it."""
    settled(project)
    with Echo() as echo, Load(project.address, "--rate", str(rate)) as load:
        time.sleep(BEFORE)
        event(project)
        time.sleep(AFTER)
    posts = Counter(project.posted())
    (project.directory / "posts").unlink(missing_ok=True)
    row.add(load.seen, sum(count - 1 for count in posts.values()), echo.longest)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("events", nargs="*", metavar="EVENT", help=", ".join(EVENTS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--balancer", choices=("haproxy", "none"), default="haproxy")
    args = parser.parse_args()
    chosen = args.events or list(EVENTS)
    if args.balancer == "none":
        chosen = [name for name in chosen if "HAProxy" not in name]
    directory, runs = Path(tempfile.mkdtemp()), tempfile.mkdtemp(prefix="sf-", dir="/tmp")
    project = Project(directory, find_port(), runs)
    print(f"two replicas, balancer {args.balancer}, {args.rate:.0f} requests/s, {args.runs} runs")
    print("| event | requests | failed | twice | longest answer, ms | an echo's |")
    print("|---|---|---|---|---|---|")
    try:
        project.start("--replicas", "2", "--balancer", args.balancer, **IMPORT)
        for name in chosen:
            row = Row()
            for _ in range(args.runs):
                if name == "scale to 2":
                    changed(project, "scale", "3")
                once(project, EVENTS[name], args.rate, row)
                if name == "scale to 3":
                    changed(project, "scale", "2")
            print(row.text(name), flush=True)
    finally:
        project.surefoot("stop")
        for pid in project.left():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(directory, ignore_errors=True)
        shutil.rmtree(runs, ignore_errors=True)


if __name__ == "__main__":
    main()
