"""Servers to spend time on: of HTTP, of mail, and one that answers as MongoDB does."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mongo import MongoStandIn
from surefoot.testing import Receiver


class Slow(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.02)
        body = b"price"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def http_server(free_port):
    """Address of a server that answers after 20 ms."""
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Slow)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(scope="session")
def smtp_server(free_port):
    """Address of a server that takes mail."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Sink

    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    controller.start()
    host, port = controller.server.sockets[0].getsockname()[:2]
    yield f"{host}:{port}"
    controller.stop()


@pytest.fixture(scope="session")
def mongo_stand_in(free_port):
    """Port of what answers pymongo as a MongoDB server would."""
    with MongoStandIn(free_port()) as server:
        yield str(server.port)


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made
