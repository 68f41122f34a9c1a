"""Requests to a Tornado application, through Tornado's own server on a socket of a moment."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["ask", "talk"]

Answer = tuple[int, bytes]


def ask(app: Any, paths: Sequence[str], headers: Mapping[str, str]) -> list[Answer]:
    """Status and body of each path, all asked for at the same time."""
    # HTTP/1.0: what is streamed comes as it is, and ends with the connection.
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    asked = [f"GET {path} HTTP/1.0\r\nHost: test\r\n{lines}\r\n" for path in paths]
    return [_answer(said) for said in asyncio.run(_said(app, asked))]


def talk(app: Any) -> bytes:
    """All that the websocket at ``/ws`` says to somebody who closes it at once."""
    key = "dGhlIHNhbXBsZSBub25jZQ=="  # that of RFC 6455's example
    request = (
        "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    # A masked frame that closes: the server would wait for one.
    (said,) = asyncio.run(_said(app, [request + "\x88\x80\0\0\0\0"]))
    # Every head carries the time of day.
    return said.partition(b"\r\n\r\n")[2]


async def _said(app: Any, requests: Sequence[str]) -> list[bytes]:
    async with _served(app) as path:
        return await asyncio.gather(*(_exchange(path, request) for request in requests))


@contextlib.asynccontextmanager
async def _served(app: Any) -> AsyncIterator[str]:
    from tornado.httpserver import HTTPServer  # noqa: PLC0415 - who tests Tornado has it
    from tornado.netutil import bind_unix_socket  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory(prefix="sf-") as directory:
        path = str(Path(directory) / "socket")
        server = HTTPServer(app)
        server.add_sockets([bind_unix_socket(path)])
        try:
            yield path
        finally:
            server.stop()
            await server.close_all_connections()


async def _exchange(path: str, request: str) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(request.encode("latin-1"))
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()
        await writer.wait_closed()


def _answer(said: bytes) -> Answer:
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body
