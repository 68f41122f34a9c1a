"""Applications whose answers are kept, asked without a server."""

import asyncio
import contextlib
import time
from wsgiref.util import setup_testing_defaults

from surefoot.config import CachedResponse
from surefoot.core.http_cache.storing import Refused
from surefoot.stores.inline import AsyncInline
from surefoot.stores.memory import MemoryStore
from surefoot.web.responses import asgi, wsgi
from surefoot.web.responses.caching import Caching
from surefoot.web.responses.installed import hook, routes

# Before any framework is imported by a test that uses this module.
hook()


def flask_app():
    """An application with sessions, and no pages yet."""
    import flask

    app = flask.Flask("shop")
    app.secret_key = "k"
    return app


def fastapi_app(sessions=True, name="session"):
    """The same in FastAPI; ``name`` is that of the session's cookie."""
    from fastapi import FastAPI
    from starlette.middleware.sessions import SessionMiddleware

    app = FastAPI()
    if sessions:
        app.add_middleware(SessionMiddleware, secret_key="k", session_cookie=name)
    return app


class Answer:
    """What a client got."""

    def __init__(self, status, fields, body):
        self.status = status
        self.fields = {name.lower(): value for name, value in fields}
        self.all = [(name.lower(), value) for name, value in fields]
        self.body = body

    @property
    def kept(self):
        """Whether it came from what was kept."""
        return "age" in self.fields


def _caching(entries, limit=10**6, fingerprinted=(), *, encoded=False, space="", status=False):
    found = [
        CachedResponse(entry, 60.0, 60.0) if isinstance(entry, str) else entry for entry in entries
    ]
    known = routes(found, encoded=encoded, space=space)
    return Noting(known, limit, fingerprinted, status=status)


class Noting(Caching):
    """Notes why answers were not kept."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.whys = []

    def decide(self, *arguments):
        decided = super().decide(*arguments)
        if isinstance(decided, Refused):
            self.whys.append(decided.why)
        return decided


# How a page is asked for by nobody in particular: what is somebody's differs between them.
STRANGERS = ({}, {"cookie": "theme=dark", "user_agent": "a"}, {"accept_language": "de"}, {})


def refusals(ask, ways):
    """Asks ``/page`` in each of these ways; why each answer was not kept, or ``"kept"``."""
    said = []
    for turn, headers in enumerate(ways):
        # What was refused is not tried again for a while.
        ask.caching.clock = lambda past=20 * turn: time.time() + past
        before = len(ask.caching.whys)
        found = ask("/page", **headers)
        new = ask.caching.whys[before:]
        said.append("; ".join(new) if new and not found.kept else "kept")
    return said


class Wsgi:
    """Asks a WSGI application."""

    interface = "wsgi"

    def __init__(self, app, entries, store=None, wrap=None, **terms):
        self.store = MemoryStore() if store is None else store
        self.caching = _caching(entries, **terms)
        self.app = wsgi.Cached(wrap(app) if wrap else app, self.caching, self.store)

    def __call__(self, path, method="GET", **headers):
        path, _, query = path.partition("?")
        environ = {
            "PATH_INFO": path.encode().decode("latin-1"),
            "SCRIPT_NAME": "",
            "REQUEST_METHOD": method,
            "QUERY_STRING": query,
            "REMOTE_ADDR": headers.pop("address", "127.0.0.1"),
            "HTTP_HOST": "shop.test",
        }
        environ.update(headers.pop("environ", {}))
        setup_testing_defaults(environ)
        for name, value in headers.items():
            environ["HTTP_" + name.upper()] = value
        said = []
        body = self.app(environ, lambda status, fields, *_: said.append((status, fields)))
        try:
            content = b"".join(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        return Answer(int(said[-1][0][:3]), said[-1][1], content)


class Asgi:
    """Asks an ASGI application."""

    interface = "asgi"

    def __init__(self, app, entries, store=None, wrap=None, **terms):
        self.store = AsyncInline(MemoryStore()) if store is None else store
        self.caching = _caching(entries, **terms)
        self.app = asgi.Cached(wrap(app) if wrap else app, self.caching, self.store)

    def __call__(self, path, method="GET", **headers):
        return asyncio.run(self.ask(path, method, **headers))

    async def ask(self, path, method="GET", **headers):
        path, _, query = path.partition("?")
        address = headers.pop("address", "127.0.0.1")
        fields = [(b"host", headers.pop("host", "shop.test").encode())]
        for name, value in headers.items():
            fields.append((name.lower().replace("_", "-").encode(), value.encode("latin-1")))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": fields,
            "client": (address, 1),
            "server": ("shop.test", 80),
        }
        messages = []
        gone = asyncio.Event()
        requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive():
            for request in requests:
                return request
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            messages.append(message)

        with contextlib.suppress(RuntimeError):
            await self.app(scope, receive, send)
        decoded = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in messages[0]["headers"]]
        body = b"".join(message.get("body", b"") for message in messages)
        return Answer(messages[0]["status"], decoded, body)
