"""The outside world of the bookshops in one small process: prices, delivery, stock and mail.

    python services.py            # http on 127.0.0.1:9001, mail on 127.0.0.1:9002
    python services.py --http-port 0 --mail-port 0    # free ports, told in the first line

The first line of output is JSON: ``{"http": "http://127.0.0.1:9001", "mail": "127.0.0.1:9002"}``.
Each answer comes after the wait that its kind has, and is the same every time. ``GET /mails`` tells
how many mails were taken. Standard library only; SIGTERM or Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

BOOKS = 20_000
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def price(book: int) -> int:
    """Pence."""
    return 499 + book * 7_919 % 2_500


def delivery(book: int) -> int:
    """Days."""
    return 1 + book * 31 % 9


def stock(book: int) -> int:
    """Copies."""
    return book * 101 % 40


@dataclass(slots=True)
class Services:
    """The waits, in seconds, and what has arrived so far."""

    price_wait: float
    delivery_wait: float
    stock_wait: float
    mail_wait: float
    mails: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer GET requests on one connection until it closes."""
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode("latin-1")
            status, value = await self._answer(target)
            body = json.dumps(value, separators=(",", ":")).encode()
            writer.write(
                b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (status, len(body), body)
            )
            await writer.drain()

    async def _answer(self, target: str) -> tuple[bytes, Any]:
        kind, _, tail = target.strip("/").partition("/")
        if target == "/mails":
            return b"200 OK", {"mails": self.mails}
        if target == "/prices":
            await asyncio.sleep(self.price_wait)
            return b"200 OK", [price(book) for book in range(1, BOOKS + 1)]
        kinds = {
            "prices": (self.price_wait, "pence", price),
            "delivery": (self.delivery_wait, "days", delivery),
            "stock": (self.stock_wait, "copies", stock),
        }
        if kind not in kinds or not tail.isdigit():
            return b"404 Not Found", {"error": "no such page"}
        wait, unit, value = kinds[kind]
        await asyncio.sleep(wait)
        return b"200 OK", {"book": int(tail), unit: value(int(tail))}

    async def smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take mails on one connection; the wait comes before a mail is taken."""
        writer.write(b"220 bookshop.example\r\n")
        while line := await reader.readline():
            verb = line[:4].upper().rstrip()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(self.mail_wait)
                self.mails += 1
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            await writer.drain()
            if verb == b"QUIT":
                return

    def connected(self, handler: Handler) -> Handler:
        """The handler, with its connection closed whatever ends it."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.writers.add(writer)
            try:
                await handler(reader, writer)
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
                pass
            finally:
                self.writers.discard(writer)
                writer.close()

        return serve


async def listen(handler: Handler, port: int) -> asyncio.Server:
    """Listen on loopback; port 0 takes a free one out of 20000 to 29999."""
    # Ports from 32768 up are what the kernel gives to outgoing connections.
    ports = [port] if port else random.sample(range(20_000, 30_000), 20)
    for candidate in ports[:-1]:
        try:
            return await asyncio.start_server(handler, "127.0.0.1", candidate, backlog=1024)
        except OSError:
            continue
    return await asyncio.start_server(handler, "127.0.0.1", ports[-1], backlog=1024)


async def serve(args: argparse.Namespace) -> None:
    """Run until told to stop."""
    services = Services(args.price_wait, args.delivery_wait, args.stock_wait, args.mail_wait)
    http = await listen(services.connected(services.http), args.http_port)
    smtp = await listen(services.connected(services.smtp), args.mail_port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    addresses = {"http": f"http://{_address(http)}", "mail": _address(smtp), "pid": os.getpid()}
    print(json.dumps(addresses), flush=True)
    await stop.wait()
    for server in (http, smtp):
        server.close()
    for writer in list(services.writers):
        writer.transport.abort()


def _address(server: asyncio.Server) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"{host}:{port}"


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description="The price, delivery, stock and mail services.")
    parser.add_argument("--http-port", type=int, default=9001, help="0: a free one")
    parser.add_argument("--mail-port", type=int, default=9002, help="0: a free one")
    for name, seconds in (("price", 0.1), ("delivery", 0.02), ("stock", 0.015), ("mail", 0.06)):
        parser.add_argument(f"--{name}-wait", type=float, default=seconds, metavar="SECONDS")
    args = parser.parse_args()
    try:
        asyncio.run(serve(args))
    except OSError as error:
        print(f"services: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
