"""Small servers that the tests write themselves, and what the generator makes of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from surefoot.toolbox.load import Generator, LoadResult, parse_workload


@dataclass
class Asked:
    """A request as a server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    nth: int
    """Which request of its connection it is, from 0."""


Handler = Callable[[Asked], Awaitable[bytes | None]]


@dataclass
class Served:
    """A running server and what it was asked."""

    address: str
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0


def answer(body: bytes = b"ok", status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def always_ok(_: Asked) -> bytes:
    return answer()


async def _read(reader: asyncio.StreamReader, connection: int, nth: int) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    headers = {name.lower(): value for name, value in headers.items()}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, body, connection, nth)


class Server:
    """Serves ``handler``; what it returns is written as it is, ``None`` closes the connection."""

    def __init__(self, handler: Handler, served: Served) -> None:
        self._handler = handler
        self._served = served
        self._tasks: set[asyncio.Task[None]] = set()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._served.connections += 1
        # asyncio complains about a cancelled task of its own; it is this class that cancels.
        gone = (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError)
        try:
            with contextlib.suppress(*gone):
                await self._converse(reader, writer, self._served.connections)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _converse(self, reader, writer, number: int) -> None:
        for nth in itertools.count():
            asked = await _read(reader, number, nth)
            self._served.asked.append(asked)
            reply = await self._handler(asked)
            if reply is None:
                return
            writer.write(reply)
            await writer.drain()
            if b"connection: close" in reply.lower():
                return

    async def end(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # closed transports leave in the loop's next turn


@contextlib.asynccontextmanager
async def serving(handler: Handler, address: str) -> AsyncIterator[Served]:
    served = Served(address)
    talker = Server(handler, served)
    if address.startswith("unix:"):
        path = address.removeprefix("unix:")
        server = await asyncio.start_unix_server(talker.talk, path, backlog=1024)
    else:
        port = int(address.rpartition(":")[2])
        server = await asyncio.start_server(talker.talk, "127.0.0.1", port, backlog=1024)
    try:
        yield served
    finally:
        server.close()
        await talker.end()
        await server.wait_closed()


def a_free_port() -> int:
    for _ in range(200):
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    pytest.fail("there is no free port")


@pytest.fixture
def free_port() -> int:
    return a_free_port()


@pytest.fixture
def tcp(free_port: int) -> str:
    return f"http://127.0.0.1:{free_port}"


@pytest.fixture
def short_path(tmp_path_factory: pytest.TempPathFactory):
    """Names for sockets: their paths may have 100 characters, and a test's directory has more."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="sf") as folder:
        yield Path(folder)


@pytest.fixture
def unix(short_path: Path) -> str:
    return f"unix:{short_path}/s"


@dataclass
class Loaded:
    result: LoadResult
    served: Served


@pytest.fixture
def load(unix: str):
    """Serve a handler, run plans on it, return the result of each and what was asked."""

    def play(
        handler: Handler = always_ok,
        *plans,
        document: dict | None = None,
        address: str | None = None,
        **options,
    ) -> tuple[list[LoadResult], Served]:
        async def main():
            workload = parse_workload(document or {"request": [{"path": "/"}]}, "test.toml")
            async with (
                serving(handler, address or unix) as served,
                Generator(workload, [served.address], **options) as generator,
            ):
                return [await generator.run(plan) for plan in plans], served

        return asyncio.run(main())

    return play


@pytest.fixture
def answers():
    return answer


@pytest.fixture
def serve():
    return serving


@pytest.fixture
def workload():
    def parse(*requests: dict, **top):
        return parse_workload({"request": list(requests), **top}, "test.toml")

    return parse


_STOPPABLE = """
import asyncio, sys

ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"


class Talk(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(ANSWER * data.count(b"\\r\\n\\r\\n"))


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Talk, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
"""


@pytest.fixture
def stoppable(tmp_path: Path, free_port: int):
    """A server in a process of its own, to be frozen by a signal: its process and its URL."""
    script = tmp_path / "server.py"
    script.write_text(_STOPPABLE)
    process = subprocess.Popen(
        [sys.executable, str(script), str(free_port)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield process, f"http://127.0.0.1:{free_port}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def eventually():
    """Wait until something holds."""

    def wait(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.02)
        return condition()

    return wait
