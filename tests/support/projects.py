"""A project that runs detached, and everything of it that is left when all is over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

SLOW_IMPORT = """
import os, time
import flask

if os.environ.get("SUREFOOT_SETTINGS"):
    time.sleep(float(os.environ.get("IMPORT_SECONDS", "0.3")))
    burnt = time.process_time() + float(os.environ.get("IMPORT_CPU", "0"))
    while time.process_time() < burnt:
        pass
app = flask.Flask(__name__)
POSTS = os.path.join(os.path.dirname(__file__), "posts")


@app.route("/", methods=["GET", "POST"])
def index():
    if flask.request.method == "POST":
        fd = os.open(POSTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(fd, (flask.request.args["id"] + "\\n").encode())
        os.close(fd)
    time.sleep(0.002)
    return f"{VERSION} {os.getpid()}"


@app.get("/slow/<float:seconds>")
def slow(seconds):
    time.sleep(seconds)
    return "at last"


@app.get("/die")
def die():
    os._exit(9)


VERSION = 1
"""


class Project:
    """A directory with an application, and the commands given in it."""

    def __init__(self, directory, port, runs):
        self.directory, self.address = directory, f"127.0.0.1:{port}"
        self.mark, self.runs = uuid.uuid4().hex, runs
        ours = ("SUREFOOT_", "VIRTUAL_ENV", "DATABASE_URL")
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        self.environ |= {"TEST_MARK": self.mark, "SUREFOOT_RUN_DIRECTORY": runs}
        self.write(SLOW_IMPORT)
        (directory / "surefoot.toml").write_text(
            f'[app]\ntarget = "shop:app"\npython = "{sys.executable}"\n'
            f'[server]\ngraceful_timeout = "5s"\n[balancer]\nlisten = "{self.address}"\n'
        )

    def write(self, code):
        (self.directory / "shop.py").write_text(code)

    def surefoot(self, *words, **environ):
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "surefoot", *words],
            cwd=self.directory, env=self.environ | environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def start(self, *words, **environ):
        """Run it detached."""
        done = self.surefoot("run", "--detach", *words, **environ)
        assert done.returncode == 0, done.stderr
        return self.status()

    def status(self):
        done = self.surefoot("status", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def names(self):
        return [replica["name"] for replica in self.status()["replicas"]]

    def kill(self, pid, number=signal.SIGKILL):
        """A signal for one process of this project, and of no other."""
        # HAProxy is told nothing of the environment, but where its file is.
        told = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
        assert self.mark.encode() in told or self.runs.encode() in told
        os.kill(pid, number)

    def posted(self):
        """The numbers of the requests that wrote, once for each time they did."""
        path = self.directory / "posts"
        return path.read_text().split() if path.exists() else []

    def until(self, *names, seconds=20.0):
        """The status as soon as these are up, and no others are there."""
        ending = time.monotonic() + seconds
        while True:
            found = self.status()
            there = [(replica["name"], replica["state"]) for replica in found["replicas"]]
            if there == [(name, "up") for name in names]:
                return found
            assert time.monotonic() < ending, there
            time.sleep(0.05)

    def left(self):
        """Living processes that were started from here."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                told = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                ours = any(mark.encode() in told for mark in (self.mark, self.runs))
                if ours and state not in "ZX":
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return found
