"""A WSGI application some of whose answers are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from surefoot.core.http_cache.asked import Asked
from surefoot.core.http_cache.fields import lowered
from surefoot.core.http_cache.status import FIELD, HIT, bypassed
from surefoot.ports import Store
from surefoot.web.responses.caching import ROUTE, SAFE, UNKEPT, Caching, Route
from surefoot.web.responses.counting import Counting
from surefoot.web.responses.flow import Make, drive, forget, look_up
from surefoot.web.responses.making import Making, close, given

__all__ = ["Cached"]

Environ = dict[str, Any]
Head = list[tuple[str, str]]
Start = Callable[..., Any]
_IDENTITY: Final = ("REMOTE_USER", "AUTH_TYPE", "SSL_CLIENT_S_DN", "SSL_CLIENT_CERT")


class Cached:
    """Answers what it has kept itself, and passes every other call on.

    Args:
        app: The WSGI application.
        caching: The routes.
        store: Where answers are kept.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], caching: Caching, store: Store) -> None:
        self.app = app
        self._caching = caching
        self._store = store
        self._counting = Counting(caching.routes, store)

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """One request."""
        caching, path = self._caching, _path(environ)
        route = caching.route(path)
        if route is None:
            if caching.is_static(path):
                start_response = self._fixing(path, start_response)
            return self.app(environ, start_response)
        asked = _asked(environ)
        if asked.method not in SAFE:
            return self._written(route, asked, environ, start_response)
        why = caching.bypass(route, asked)
        if why:
            route.tally.bypassed += 1
            return self.app(environ, self._saying(bypassed(why), start_response))
        steps = look_up(asked, route.wanted, route.known, caching.clock)
        found = drive(steps, self._store, route.tally.lost)
        route.tally.saw(found)
        if isinstance(found, Make):
            return self._made(route, found, environ, start_response)
        if found is None:
            return self.app(environ, self._saying(bypassed(UNKEPT), start_response))
        environ[ROUTE] = route.wanted.template
        return given(caching.given(route, found, asked), self._saying(HIT, start_response))

    def _saying(self, said: str, start: Start) -> Start:
        """The same, with what is said of the answer in its head, where that is wanted."""
        if not self._caching.status:
            return start
        return lambda status, headers, *error: start(status, [*headers, (FIELD, said)], *error)

    def _fixing(self, path: str, start: Start) -> Start:
        def started(status: str, headers: Head, *error: Any) -> Any:
            before = lowered(headers)
            fields = self._caching.fixed(path, _code(status), before)
            return start(status, headers if fields is before else list(fields), *error)

        return started

    def _written(
        self, route: Route, asked: Asked, environ: Environ, start: Start
    ) -> Iterable[bytes]:
        changed = False

        def started(status: str, headers: Head, *error: Any) -> Any:
            nonlocal changed
            changed = 200 <= _code(status) < 400
            if changed:
                # Whoever got the answer is not to find what was before.
                drive(forget(asked, route.wanted.space), self._store)
            return start(status, headers, *error)

        try:
            return self.app(environ, started)
        finally:
            if changed:
                # Some commit after they have answered.
                drive(forget(asked, route.wanted.space), self._store)

    def _made(self, route: Route, make: Make, environ: Environ, start: Start) -> Iterable[bytes]:
        making = Making(self._caching, self._store, route, make, environ, start)
        try:
            body = self.app(making.environ, making.start)
            try:
                return making.answer(body)
            except BaseException:
                close(body)
                raise
        except BaseException:
            making.give_up(failed=True)
            raise


def _path(environ: Environ) -> str:
    path: str = environ.get("PATH_INFO", "")
    return path.encode("latin-1").decode("utf-8", "replace")


def _code(status: str) -> int:
    return int(status[:3]) if status[:3].isdigit() else 0


def _asked(environ: Environ) -> Asked:
    fields = [
        (key[5:].lower().replace("_", "-"), str(value))
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    length = environ.get("CONTENT_LENGTH") or "0"
    return Asked(
        method=environ.get("REQUEST_METHOD", ""),
        scheme=environ.get("wsgi.url_scheme", ""),
        path=environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
        raw=environ.get("RAW_URI") or environ.get("REQUEST_URI") or "",
        query=environ.get("QUERY_STRING", ""),
        fields=tuple(fields),
        has_body=length != "0" or "HTTP_TRANSFER_ENCODING" in environ,
        identified=any(environ.get(name) for name in _IDENTITY),
    )
