"""An ASGI application some of whose answers are kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from surefoot.core.http_cache.asked import Asked
from surefoot.core.http_cache.fields import Fields
from surefoot.core.http_cache.status import HIT, bypassed
from surefoot.ports import AsyncStore
from surefoot.web.responses.caching import ROUTE, SAFE, UNKEPT, Caching, Route
from surefoot.web.responses.counting import Counting
from surefoot.web.responses.flow import Make, adrive, forget, look_up
from surefoot.web.responses.sending import Sending, encoded, given, sent_fields, with_status

__all__ = ["Cached"]

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# What the frameworks note in the scope, for whoever looks at it after the call.
_OURS: Final = frozenset({"headers", "client", "extensions", "surefoot.observed"})


class Cached:
    """Answers what it has kept itself, and passes every other call on.

    Args:
        app: The ASGI application.
        caching: The routes.
        store: Where answers are kept.
    """

    def __init__(
        self, app: Callable[..., Awaitable[None]], caching: Caching, store: AsyncStore
    ) -> None:
        self.app = app
        self._caching = caching
        self._store = store
        self._counting = Counting(caching.routes, store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; websockets and the lifespan are not touched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = _path(scope)
        route = self._caching.route(path)
        if route is None:
            if self._caching.is_static(path):
                send = self._fixing(path, send)
            await self.app(scope, receive, send)
            return
        asked = _asked(scope)
        if asked.method not in SAFE:
            await self._written(route, asked, scope, receive, send)
            return
        why = self._caching.bypass(route, asked)
        if why:
            route.tally.bypassed += 1
            await self.app(scope, receive, self._saying(bypassed(why), send))
        else:
            await self._looked_up(route, asked, scope, receive, send)

    async def _looked_up(
        self, route: Route, asked: Asked, scope: Scope, receive: Receive, send: Send
    ) -> None:
        steps = look_up(asked, route.wanted, route.known, self._caching.clock)
        found = await adrive(steps, self._store, route.tally.lost)
        route.tally.saw(found)
        if isinstance(found, Make):
            await self._made(route, found, scope, receive, send)
        elif found is None:
            await self.app(scope, receive, self._saying(bypassed(UNKEPT), send))
        else:
            scope[ROUTE] = route.wanted.template
            kept = self._caching.given(route, found, asked)
            await given(kept, self._saying(HIT, send))

    def _saying(self, said: str, send: Send) -> Send:
        """The same, with what is said of the answer in its head, where that is wanted."""
        if not self._caching.status:
            return send

        async def sent(message: Message) -> None:
            await send(with_status(message, said))

        return sent

    async def _made(
        self, route: Route, make: Make, scope: Scope, receive: Receive, send: Send
    ) -> None:
        sending = Sending(self._caching, self._store, route, make, scope, send)
        try:
            await self.app(sending.scope, receive, sending.send)
        finally:
            scope.update({key: value for key, value in sending.scope.items() if key not in _OURS})
            await sending.give_up(failed=True)

    def _fixing(self, path: str, send: Send) -> Send:
        async def fixed(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields = sent_fields(message)
                changed = self._caching.fixed(path, message["status"], fields)
                if changed is not fields:
                    message = {**message, "headers": encoded(changed)}
            await send(message)

        return fixed

    async def _written(
        self, route: Route, asked: Asked, scope: Scope, receive: Receive, send: Send
    ) -> None:
        changed = False

        async def sent(message: Message) -> None:
            nonlocal changed
            if message["type"] == "http.response.start" and 200 <= message["status"] < 400:
                changed = True
                # Whoever got the answer is not to find what was before.
                await adrive(forget(asked, route.wanted.space), self._store)
            await send(message)

        try:
            await self.app(scope, receive, sent)
        finally:
            if changed:
                # Some commit after they have answered.
                await adrive(forget(asked, route.wanted.space), self._store)


def _path(scope: Scope) -> str:
    """As routes see it: without what the server says it is mounted under."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def _asked(scope: Scope) -> Asked:
    fields: Fields = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in scope["headers"]
    )
    length = next((value for name, value in fields if name == "content-length"), "0")
    extensions = scope.get("extensions") or {}
    tls = extensions.get("tls") or {}
    return Asked(
        method=scope["method"],
        scheme=scope.get("scheme", "http"),
        path=f"{scope.get('root_path', '')}\n{scope['path']}",
        raw=(scope.get("raw_path") or b"").decode("latin-1"),
        query=scope.get("query_string", b"").decode("latin-1"),
        fields=fields,
        has_body=length != "0" or any(name == "transfer-encoding" for name, _ in fields),
        identified=bool(tls.get("client_cert_name") or tls.get("client_cert_chain")),
    )
