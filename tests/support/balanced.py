"""HAProxy with small real replicas behind it, and users who count what goes wrong."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from servers import need, wait_until
from surefoot.toolbox.balancer.haproxy import HAProxy
from surefoot.toolbox.balancer.values import Balancing, Server

PROGRAM = Path(__file__).with_name("answering.py")
CALM = {"slow_start": 0.0, "drain": 10.0, "connections": 1000}
"""So that a test does not wait for what it is not about."""


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def server(self):
        return self.headers["X-Server"]

    @property
    def seen(self):
        """Headers that the replica was sent, names in small letters, several in a list."""
        found = collections.defaultdict(list)
        for name, value in json.loads(self.body)["headers"]:
            found[name.lower()].append(value)
        return found


class World:
    """A held socket, replicas that can be started and killed, and one HAProxy."""

    def __init__(self):
        need("haproxy", "haproxy")
        self.directory = Path(tempfile.mkdtemp(prefix="sf-bal-"))
        self.front = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.front.getsockname()[1]
        self.replicas = {}
        self.runner = asyncio.Runner()
        self.haproxy = HAProxy(self.directory)
        self._users = []

    def close(self):
        for users in self._users:
            users.stop()
        self.haproxy.kill()
        for process in self.replicas.values():
            process.kill()
            process.wait(10)
        self.runner.close()
        self.front.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def run(self, coroutine):
        return self.runner.run(coroutine)

    # --- Replicas ---------------------------------------------------------------------------------

    def replica(self, name, slots=4, **server):
        """Starts one that answers on its socket; what it does is told in answering.py."""
        path = self.directory / f"{name}.sock"
        command = [sys.executable, "-S", PROGRAM, name, path]
        self.replicas[name] = subprocess.Popen(command)
        wait_until(lambda: _accepts(path))
        return Server(name, path, slots, **server)

    def kill(self, name, number=signal.SIGKILL):
        self.replicas[name].send_signal(number)

    def end(self, name):
        self.replicas[name].terminate()
        self.replicas[name].wait(10)

    def served(self, name):
        """The requests that a replica began to work on, by their paths."""
        path = self.directory / f"{name}.sock.log"
        return path.read_text().split() if path.exists() else []

    # --- HAProxy ----------------------------------------------------------------------------------

    def start(self, *servers, **balancing):
        told = Balancing(**CALM | balancing)
        self.run(self.haproxy.start(told, [self.front.fileno()], servers))

    def status(self, name):
        return self.run(self.haproxy.status()).server(name)

    def until(self, name, state):
        wait_until(lambda: self.status(name).state == state)

    def until_idle(self, name):
        wait_until(lambda: self.status(name).sessions == 0)

    # --- Users ------------------------------------------------------------------------------------

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, path="/", method="GET", body=None, **headers):
        """One answer over a connection of its own; ``_`` in a header's name is a hyphen."""
        with contextlib.closing(self.connect()) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            return Answer(connection.getresponse())

    def later(self, path="/", **asked):
        """The same in a thread; gives the answer when it is asked for."""
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.ask(path, **asked)))
        thread.start()

        def answer():
            thread.join(60)
            return answers[0]

        return answer

    def users(self, count=6, **asking):
        made = Users(self, count, **asking)
        self._users.append(made)
        return made


class Users:
    """Ask without a break until they are stopped, and never try again."""

    def __init__(self, world, count, *, method="GET", fresh=False):
        self.world = world
        self.method = method
        self.fresh = fresh
        self.outcomes = collections.Counter()
        self.longest = 0.0
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._live) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def __enter__(self):
        self.wait_for(50)
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_for(self, count):
        """Until so many more requests are over."""
        before = self.outcomes.total()
        wait_until(lambda: self.outcomes.total() >= before + count)

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    @property
    def failed(self):
        return {what: count for what, count in self.outcomes.items() if what != 200}

    def _live(self):
        connection = self.world.connect()
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                connection.request(self.method, "/", b"x" if self.method == "POST" else None)
                response = connection.getresponse()
                response.read()
                outcome = response.status
            except (OSError, http.client.HTTPException) as error:
                outcome = type(error).__name__
            self.outcomes[outcome] += 1
            self.longest = max(self.longest, time.monotonic() - began)
            if self.fresh or outcome != 200:
                connection.close()
        connection.close()


def _accepts(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(os.fspath(path)) == 0
