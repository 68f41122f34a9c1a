"""Servers to aim at: NGINX with one worker, or our smallest one; and one that stands still."""

from __future__ import annotations

import asyncio
import contextlib
import json
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop

__all__ = ["fast_server", "free_port", "pausing_server", "report"]

_NGINX = """
daemon off; worker_processes 1; master_process off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; server_tokens off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "{body}"; }} }}
}}
"""


def free_port() -> int:
    """A port below 32768, above which connections of clients may sit."""
    for port in range(21_000, 32_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise SystemExit("no port is free")


@contextlib.contextmanager
def fast_server() -> Iterator[tuple[str, str]]:
    """A server of 1 KB answers that is faster than what loads it: its name and its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        if shutil.which("nginx"):
            config = Path(folder) / "nginx.conf"
            config.write_text(_NGINX.format(folder=folder, port=port, body="x" * 1024))
            name, words = "nginx, 1 worker", ["nginx", "-e", "stderr", "-c", str(config)]
        else:
            name, words = "asyncio server", [sys.executable, __file__, "fast", str(port)]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(port)
            yield name, f"http://127.0.0.1:{port}/"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


@contextlib.contextmanager
def pausing_server(service: float, pause_at: float) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server that works ``service`` seconds a request and stops for 1 s.

    The pause comes ``pause_at`` seconds after the first request; ``report`` reads what it saw.
    """
    port = free_port()
    words = [sys.executable, __file__, "pausing", str(port), str(service), str(pause_at)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()


def report(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a pausing server saw: the pause, and when each request began and ended."""
    assert process.stdout is not None
    process.send_signal(signal.SIGTERM)
    seen: dict[str, Any] = json.loads(process.stdout.readline())
    return seen


def _wait(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    raise SystemExit("the server did not start")


# --- The servers themselves ---

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024


class _Fast(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(_ANSWER * data.count(b"\r\n\r\n"))  # type: ignore[attr-defined]


class _Pausing:
    """One server that takes requests in the order in which they come, and stops once for 1 s.

    A usual event loop is not that fair: after a stop, requests on known connections overtake those
    whose connection it has yet to accept. Here everything that has come is taken in, in order,
    before the next request is served.
    """

    def __init__(self, port: int, service: float, pause_at: float) -> None:
        self.service = service
        self.pause_at = pause_at
        self.pause = (0.0, 0.0)
        self.rows: list[tuple[float, float]] = []
        self.stopping = False
        self.queue: deque[socket.socket] = deque()
        self.known: dict[int, socket.socket] = {}
        self.listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.listener.setblocking(False)
        self.poll = select.epoll()
        self.poll.register(self.listener, select.EPOLLIN)

    def run(self) -> None:
        first, paused = 0.0, False
        while not self.stopping:
            self.take(0.0 if self.queue else 0.05)
            first = first or (time.monotonic() if self.queue else 0.0)
            if first and not paused and time.monotonic() >= first + self.pause_at:
                paused = True
                start = time.monotonic()
                time.sleep(1.0)
                self.pause = (start, time.monotonic())
            elif self.queue:
                self.serve(self.queue.popleft())
        print(json.dumps({"pause": self.pause, "rows": self.rows}), flush=True)

    def take(self, patience: float) -> None:
        for number, _ in self.poll.poll(patience):
            if number != self.listener.fileno():
                self.read(self.known[number])
                continue
            with contextlib.suppress(BlockingIOError):
                while True:
                    connection, _ = self.listener.accept()
                    connection.setblocking(False)
                    self.known[connection.fileno()] = connection
                    self.poll.register(connection, select.EPOLLIN)
                    self.read(connection)

    def read(self, connection: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            try:
                data = connection.recv(65536)
            except ConnectionError:
                data = b""
            if data:
                self.queue.append(connection)
            else:
                self.poll.unregister(connection)
                del self.known[connection.fileno()]
                connection.close()

    def serve(self, connection: socket.socket) -> None:
        start = time.monotonic()
        while time.monotonic() < start + self.service:
            pass
        with contextlib.suppress(OSError):
            connection.send(_ANSWER)
        self.rows.append((start, time.monotonic()))

    def stop(self, *_: object) -> None:
        self.stopping = True


async def _fast(port: int) -> None:
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, done.set)
    await loop.create_server(_Fast, "127.0.0.1", port, backlog=4096)
    await done.wait()


if __name__ == "__main__":
    if sys.argv[1] == "fast":
        uvloop.run(_fast(int(sys.argv[2])))
    else:
        server = _Pausing(int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
        signal.signal(signal.SIGTERM, server.stop)
        server.run()
