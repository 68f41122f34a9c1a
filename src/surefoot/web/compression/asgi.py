"""An ASGI application whose answers are compressed where that pays."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

from surefoot.core import compression as rules
from surefoot.web.compression.gzip import Gzip

__all__ = ["Compressed"]

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_START: Final = "http.response.start"
_BODY: Final = "http.response.body"
# It says something about the answer and is no part of it.
_BESIDE: Final = "http.response.debug"
# A server that offers these may be told to send a file by itself, which nobody here would see.
_FILES: Final = ("http.response.pathsend", "http.response.zerocopysend")


class Compressed:
    """Passes every call on and compresses what is sent back.

    A body that is sent as a whole gets its new length; of one that streams each part is flushed,
    so that it streams as before.

    Args:
        app: The ASGI application.
    """

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; websockets and the lifespan are not touched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Answer(scope, send).send)


class _Answer:
    """One answer on its way out."""

    __slots__ = ("_gzip", "_head", "_scope", "_send")

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._gzip: Gzip | None = None
        self._head: Message | None = None
        """Held back until the body is seen."""

    async def send(self, message: Message) -> None:
        """In place of the server's ``send``."""
        kind = message["type"]
        if kind == _START:
            await self._begin(message)
        elif self._gzip is None or kind == _BESIDE:
            await self._send(message)
        elif kind == _BODY:
            await self._body(message)
        else:
            # A file for the server to send itself, or trailers before any body.
            await self._give_up()
            await self._send(message)

    async def _begin(self, message: Message) -> None:
        headers = _decoded(message)
        if not rules.compressible(self._scope["method"], message["status"], headers):
            await self._send(message)
            return
        message = _with(message, rules.varied(headers))
        sent = dict(self._scope["headers"])
        if not rules.accepts_gzip(sent.get(b"accept-encoding", b"").decode("latin-1")):
            await self._send(message)
            return
        # Where an answer is made to be kept, looking for cookies would make it somebody's; what it
        # says does not depend on them.
        observed = self._scope.get("surefoot.observed")
        with contextlib.nullcontext() if observed is None else observed.aside():
            self._gzip = Gzip(padded=bool(sent.get(b"cookie")) or b"authorization" in sent)
        if _may_be_whole(self._scope, headers):
            self._head = message
        else:
            # It streams: its head is not to wait for its first part.
            await self._send(_with(message, rules.encoded(_decoded(message), None)))

    async def _body(self, message: Message) -> None:
        assert self._gzip is not None
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._head is not None and not more and len(body) < rules.LEAST:
            await self._give_up()
            await self._send(message)
            return
        packed = self._gzip.add(body, flush=more) if body or not more else b""
        packed += b"" if more else self._gzip.end()
        await self._tell(None if more else len(packed))
        await self._send({**message, "body": packed})

    async def _tell(self, length: int | None) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            await self._send(_with(head, rules.encoded(_decoded(head), length)))

    async def _give_up(self) -> None:
        self._gzip = None
        if self._head is not None:
            head, self._head = self._head, None
            await self._send(head)


def _may_be_whole(scope: Scope, headers: rules.Headers) -> bool:
    offered = scope.get("extensions") or {}
    if any(name in offered for name in _FILES):
        return True
    return any(name.lower() == "content-length" for name, _ in headers)


def _decoded(message: Message) -> list[tuple[str, str]]:
    headers = message.get("headers", ())
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _with(message: Message, headers: list[tuple[str, str]]) -> Message:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {**message, "headers": encoded}
