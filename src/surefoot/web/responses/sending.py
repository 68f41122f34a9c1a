"""One answer of an ASGI application that is being made for all who wait for it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from surefoot.core.http_cache.fields import Fields, first
from surefoot.core.http_cache.kept import Kept
from surefoot.core.http_cache.observed import Observed
from surefoot.core.http_cache.status import FIELD, instead, made
from surefoot.core.http_cache.storing import Answer, Stored
from surefoot.ports import AsyncStore
from surefoot.web import matched
from surefoot.web.responses.caching import FAILED, Caching, Route
from surefoot.web.responses.flow import Found, Make, adrive, keep, withdraw
from surefoot.web.responses.observing import observed_scope

__all__ = ["Sending", "encoded", "given", "sent_fields", "with_status"]

Scope = dict[str, Any]
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
_START: Final = "http.response.start"
_BODY: Final = "http.response.body"
# It says something about the answer and is no part of it.
_BESIDE: Final = "http.response.debug"


class Sending:
    """Looks on while an answer is made, passes it on, and keeps it if that is allowed.

    Args:
        caching: Decides.
        store: Where the answer is put.
        route: Which it matched.
        make: The right to make it, which was won.
        scope: As the server gave it.
        send: The server's.
    """

    def __init__(
        self,
        caching: Caching,
        store: AsyncStore,
        route: Route,
        make: Make,
        scope: Scope,
        send: Send,
    ) -> None:
        self._observed = Observed(str(scope.get("root_path", "")))
        self.scope = observed_scope(scope, self._observed)
        """What the application is called with."""
        self._caching = caching
        self._store = store
        self._route = route
        self._make = make
        self._send = self._saying(send) if caching.status else send
        self._said = made(stored=False)
        self._start: Message | None = None
        self._head: Message | None = None
        """Held back until the body is seen."""
        self._seen: list[bytes] = []
        self._size = 0
        self._sound = True
        self._over = False
        self._replaced = False
        self._began = time.perf_counter()

    def _saying(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            await send(with_status(message, self._said))

        return sent

    async def send(self, message: Message) -> None:
        """In place of the server's ``send``."""
        kind = message["type"]
        if self._replaced:
            return
        if kind == _START:
            await self._begin(message)
        elif kind == _BODY and self._start is not None:
            await self._body(message)
        else:
            # Trailers, or a file for the server to send itself, whose bytes nobody here sees.
            self._sound = self._sound and kind == _BESIDE
            if not self._sound:
                await self._tell()
            await self._send(message)

    async def _begin(self, message: Message) -> None:
        stale = self._make.stale
        if stale is not None and message["status"] in FAILED:
            self._replaced = True
            await self.give_up(failed=True)
            self._said = instead(message["status"])
            out = self._caching.given(self._route, stale, self._make.asked)
            await given(out, self._send)
            return
        self._start = message
        self._sound = not message.get("trailers")
        if first(sent_fields(message), "content-length"):
            self._head = message
        else:
            # It streams: its head is not to wait for its first part.
            await self._send(message)

    async def _body(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        self._size += len(body)
        if self._size > self._caching.limit:
            self._seen = []
            await self.give_up(failed=False)
        elif not self._over:
            self._seen.append(bytes(body))
            if not more:
                await self._ended(message)
                return
        await self._tell()
        await self._send(message)

    async def _ended(self, message: Message) -> None:
        kept = await self._keep(b"".join(self._seen))
        if kept is None or self._head is None:
            await self._tell()
            await self._send(message)
            return
        self._head = None
        self._replaced = True
        out = self._caching.given(self._route, Found(kept, None), self._make.asked)
        await given(out, self._send)

    async def _tell(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            await self._send(head)

    async def _keep(self, body: bytes) -> Kept | None:
        self._route.known.saw(time.perf_counter() - self._began)
        assert self._start is not None
        fields, status = sent_fields(self._start), self._start["status"]
        route = matched.route(self.scope, self._observed.root)
        answer = Answer(status, fields, route, body, self._sound)
        decided = self._caching.decide(self._route, self._make.asked, answer, self._observed)
        if not isinstance(decided, Stored):
            self._said = made(stored=False, why=decided.why)
            await self.give_up(failed=status in FAILED)
            return None
        self._over = True
        self._said = made(stored=True)
        kept = Kept.of(status, fields, body)
        steps = keep(self._make, kept, decided, self._caching.clock)
        if await adrive(steps, self._store) is None:
            # The store would not take it, as one that is too long for it; nobody is to wait.
            await adrive(withdraw(self._make, self._caching.clock, failed=False), self._store)
        return kept

    async def give_up(self, *, failed: bool) -> None:
        """Nothing is kept; nobody is to wait for it. A second call does nothing."""
        if not self._over:
            self._over = True
            self._route.tally.failed += failed
            await adrive(withdraw(self._make, self._caching.clock, failed=failed), self._store)


async def given(kept: Kept, send: Send) -> None:
    """Answer with what was kept."""
    await send({"type": _START, "status": kept.status, "headers": encoded(kept.fields)})
    await send({"type": _BODY, "body": kept.body, "more_body": False})


def sent_fields(message: Message) -> Fields:
    """The fields of an answer's head."""
    return tuple(
        (bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1"))
        for name, value in message.get("headers", ())
    )


def with_status(message: Message, said: str) -> Message:
    """The same message; one that begins an answer tells what the cache did."""
    if message["type"] != _START:
        return message
    return {**message, "headers": [*message.get("headers", ()), *encoded([(FIELD, said)])]}


def encoded(fields: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Fields as ASGI wants them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
