"""One keep-alive connection: writes a request, reads its answer, tells how it went."""

from __future__ import annotations

import asyncio
import os
from time import monotonic, time
from typing import Protocol, cast

import httptools

from surefoot.toolbox.load.answer import Answer
from surefoot.toolbox.load.exchange import CONNECTION_ERROR, TIMED_OUT, Exchange

__all__ = ["Connection", "Home"]


class Home(Protocol):
    """What a connection belongs to."""

    def opened(self, connection: Connection) -> None:
        """It is open."""

    def ready(self, connection: Connection) -> None:
        """It has nothing in flight."""

    def lost(self, connection: Connection) -> None:
        """It is closed."""

    def again(self, exchange: Exchange) -> None:
        """It was closed before it took this one, which may be sent once more."""


class Connection(asyncio.Protocol):
    """One connection; it has at most one request in flight."""

    __slots__ = (
        "_answer",
        "_fd",
        "_first",
        "_home",
        "_parser",
        "_plain",
        "_transport",
        "closing",
        "ended",
        "exchange",
        "used",
    )

    def __init__(self, home: Home) -> None:
        self._home = home
        self._answer: Answer | None = None
        self._first = b""
        self.exchange: Exchange | None = None
        self.used = False
        self.ended = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)
        self.closing = self._transport.is_closing
        self._fd: int = transport.get_extra_info("socket").fileno()
        # Without headers and bodies the parser calls back once an answer: a third of the cost.
        self._plain = self._parser = httptools.HttpResponseParser(self)
        self._home.opened(self)

    def send(self, exchange: Exchange) -> None:
        """Send one request; it must be idle and not closing."""
        self.exchange = exchange
        self._first = b""
        if exchange.journey is not None or exchange.prepared.whole:
            self._answer = Answer(self.on_message_complete, bodiless=exchange.prepared.bodiless)
            self._parser = httptools.HttpResponseParser(self._answer)
        data = exchange.head
        if exchange.tail:
            data += b"X-Request-Start: t=%.6f\r\n" % time() + exchange.tail
        exchange.sent = monotonic()
        # Straight to the socket: the transport would hold it back until the end of the loop's
        # turn, and the time of sending would be off by what else happens in that turn.
        try:
            written = os.write(self._fd, data)
        except BlockingIOError:
            written = 0
        except OSError:
            self._transport.abort()
            return
        if written < len(data):
            self._transport.write(data[written:])

    def data_received(self, data: bytes) -> None:
        """A part of an answer has come."""
        if self.exchange is None:
            self._transport.abort()
            return
        if not self._first:
            self._first = data
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end(self._parser.get_status_code(), "", keep=False)
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None
        except httptools.HttpParserError:
            self._end(CONNECTION_ERROR, "malformed answer", keep=False)

    def on_message_complete(self) -> None:
        """The parser has seen the end of an answer."""
        status = self._parser.get_status_code()
        if status >= 200:
            self._end(status, "", keep=self._parser.should_keep_alive())

    def expire(self) -> None:
        """Give up waiting for the answer."""
        self._end(TIMED_OUT, "time-out", keep=False)

    def abandon(self) -> None:
        """Close it, whatever is in flight; nobody is told."""
        self.exchange = None
        self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """It is closed."""
        exchange, fresh = self.exchange, not self.used
        self._home.lost(self)
        if exchange is not None:
            if self._ends_with_connection() and error is None:
                self._end(self._parser.get_status_code(), "", keep=False)
            elif self._first or fresh or exchange.retried or not exchange.prepared.idempotent:
                self._end(CONNECTION_ERROR, "connection closed", keep=False)
            else:
                # The server had closed it while it was idle and the news came too late.
                self.exchange = None
                exchange.retried = True
                self._home.again(exchange)
        # The parser holds bound methods of this object: a cycle, and there is no collector here.
        self._plain = self._parser = None
        del self.closing
        self._answer = None

    def _ends_with_connection(self) -> bool:
        """Whether the answer so far is one without a length, which ends when its sender closes."""
        head, found, _ = self._first.partition(b"\r\n\r\n")
        lines = head.lower()
        return bool(found) and b"\ncontent-length:" not in lines and b"chunked" not in lines

    def _end(self, status: int, error: str, *, keep: bool) -> None:
        exchange, answer = self.exchange, self._answer
        if exchange is None:
            return
        self.exchange = None
        self.used = True
        exchange.ended = self.ended = monotonic()
        if answer is not None:
            self._answer = None
            self._parser = self._plain
        if keep:
            self._home.ready(self)
        else:
            self._transport.abort()
        exchange.owner.ended(exchange, status, error, answer)
