"""Health of the test's own process is nobody else's, and applications behind real servers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server_fixtures import memcached, own_redis, redis  # noqa: F401
from servers import find_port, stop, wait_until
from surefoot.health import checks, draining

SOURCE = str(Path(checks.__file__).parents[2])

FLASK = """
import flask
app = flask.Flask(__name__)
for path in ("/", "/readyz", "/healthz/readyz"):
    app.add_url_rule(path, path, lambda: flask.request.path)
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
async def path(request):
    return PlainTextResponse(request.url.path)
app = Starlette(routes=[Route(each, path) for each in ("/", "/readyz", "/healthz/readyz")])
"""
TORNADO = """
from tornado.web import Application, RequestHandler
class Path(RequestHandler):
    async def get(self):
        self.finish(self.request.path)
app = Application([(each, Path) for each in ("/", "/readyz", "/healthz/readyz")])
"""
CODE = {"gunicorn": FLASK, "uvicorn": STARLETTE, "tornado": TORNADO}
SERVE_TORNADO = """
import asyncio, sys
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from surefoot.web.entry import tornado
async def main(port, path):
    server = HTTPServer(tornado)
    server.listen(port, "127.0.0.1")
    server.add_socket(bind_unix_socket(path))
    await asyncio.Event().wait()
asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def _nothing_stays(monkeypatch):
    monkeypatch.setattr(checks, "_own", {})
    monkeypatch.setattr(draining, "_here", set())


class Served:
    """An application behind a server, on a port and on a Unix socket."""

    def __init__(self, kind, directory, environ):
        self.kind = kind
        self.port = find_port()
        self.path = directory / "socket"
        told = {k: v for k, v in os.environ.items() if not k.startswith("SUREFOOT_")}
        self.log = directory / "log"
        with self.log.open("ab") as log:
            self.processes = [
                subprocess.Popen(
                    [sys.executable, *words],
                    cwd=directory,
                    env=told | {"PYTHONPATH": SOURCE} | environ,
                    stdout=log,
                    stderr=log,
                )
                for words in self._commands()
            ]

    def _commands(self):
        port, path = str(self.port), str(self.path)
        if self.kind == "gunicorn":
            words = ["-m", "gunicorn", "--no-control-socket", "--threads", "4"]
            words += ["-b", f"127.0.0.1:{port}", "-b", f"unix:{path}"]
            return [[*words, "surefoot.web.entry:wsgi"]]
        if self.kind == "uvicorn":
            # It listens on one address only.
            words = ["-m", "uvicorn", "surefoot.web.entry:asgi"]
            return [[*words, "--port", port], [*words, "--uds", path]]
        return [["-c", SERVE_TORNADO, port, path]]

    def stop(self):
        for process in self.processes:
            stop(process)

    @contextlib.contextmanager
    def connected(self, *, unix=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            if unix:
                connection.sock = socket.socket(socket.AF_UNIX)
                connection.sock.settimeout(30)
                connection.sock.connect(str(self.path))
            yield connection

    def ask(self, path="/readyz", method="GET", *, unix=False, **headers):
        with self.connected(unix=unix) as connection:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=sent)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def word(self, path="/readyz"):
        status, _, body = self.ask(path)
        return status, body.splitlines()[0]

    def failing(self):
        """Names of the checks that fail."""
        body = self.ask(accept="application/json")[2]
        return {each["name"] for each in json.loads(body).get("checks", ()) if each["error"]}

    def listens(self):
        for process in self.processes:
            assert process.poll() is None, self.log.read_text()
        try:
            return self.ask("/")[0] == 200 and self.ask("/", unix=True)[0] == 200
        except OSError:
            return False


@pytest.fixture
def served(tmp_path):
    """Starts an application with this configuration behind a server."""
    started = []

    def start(kind, configuration="", code="", **environ):
        (tmp_path / "shop.py").write_text(CODE[kind] + code)
        (tmp_path / "surefoot.toml").write_text(f'[app]\ntarget = "shop:app"\n{configuration}')
        found = Served(kind, tmp_path, environ)
        started.append(found)
        wait_until(found.listens)
        return found

    yield start
    for each in started:
        each.stop()
