"""Two users and a stranger: nobody may get a byte of another's page, whatever is kept."""

from __future__ import annotations

import asyncio
import io
import random
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from surefoot.config import CachedResponse
from surefoot.stores.inline import AsyncInline
from surefoot.stores.memory import MemoryStore
from surefoot.web.responses import asgi, wsgi
from surefoot.web.responses.caching import Caching
from surefoot.web.responses.installed import hook, routes

__all__ = ["Browsed", "Browser", "PrivacyContract", "browse"]

USERS: Final = ("alice", "bob", "")
_AT_ONCE: Final = 9
_NAMED: Final = re.compile(r"\[(\w*)\]")

Fields = list[tuple[str, str]]


@dataclass(slots=True)
class Browsed:
    """What came of it."""

    requests: int = 0
    kept: int = 0
    """Answers that came from what was kept."""
    shared: int = 0
    """Those of them that users with a session got."""
    wrong: list[str] = field(default_factory=list)
    """Answers that were not those of this user."""


class Browser:
    """One user's, who keeps cookies."""

    def __init__(self, user: str, seed: int, browsed: Browsed) -> None:
        self.user = user
        self.cookies: dict[str, str] = {}
        self._chance = random.Random(seed)  # noqa: S311 - repeatable
        self._browsed = browsed

    def paths(self, count: int) -> Iterator[str]:
        """What is asked for; who is a user logs in first."""
        if self.user:
            yield f"/login/{self.user}"
        for _ in range(count):
            number = self._chance.randrange(4)
            kinds = ("/account", "/greeting", f"/books/{number}", f"/front?{number}")
            yield self._chance.choice(kinds)

    @property
    def headers(self) -> Fields:
        """Of the next request."""
        said = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return [("cookie", said)] if said else []

    def took(self, path: str, fields: Fields, body: str) -> None:
        """An answer has come."""
        browsed = self._browsed
        browsed.requests += 1
        kept = any(name.lower() == "age" for name, _ in fields)
        browsed.kept += kept
        browsed.shared += kept and bool(self.cookies)
        set_cookie = [value for name, value in fields if name.lower() == "set-cookie"]
        foreign = bool(set_cookie) and not self.user
        if foreign or body != self._expected(path) or not self._own(body):
            browsed.wrong.append(f"{self.user or 'a stranger'} at {path}: {body[:60]}")
        for value in set_cookie:
            name, _, text = value.partition(";")[0].partition("=")
            self.cookies[name] = text

    def _own(self, body: str) -> bool:
        return set(_NAMED.findall(body)) <= {self.user}

    def _expected(self, path: str) -> str:
        kind, _, number = path.partition("?")
        if kind == "/account":
            return f"account of [{self.user}]"
        if kind == "/greeting":
            return f"good day [{self.user}]" if self.user else "good day"
        if kind == "/front":
            return f"front for [{self.user}]" if int(number) % 2 else "front"
        if kind.startswith("/login/"):
            return f"welcome [{self.user}]"
        return kind[1:].replace("books/", "book ")


class PrivacyContract:
    """Browses an application as several users at once, with its answers kept.

    ``application()`` builds one with sessions and five views that answer plain text:
    ``/login/NAME`` puts the name into the session and answers ``welcome [NAME]``; ``/account``
    answers ``account of [NAME]`` from the session, with nothing between the brackets for who is not
    logged in; ``/greeting`` answers ``good day``, and to who is logged in ``good day [NAME]``,
    and reads the session only where the request carries its cookie; ``/books/NUMBER`` answers
    ``book NUMBER``; ``/front`` answers ``front`` without reading the session where its query is an
    even number, and ``front for [NAME]`` where it is odd.

    Attributes:
        interface: ``"wsgi"`` or ``"asgi"``.
        templates: The five routes, as the framework writes them.
        requests: How many are sent, about.
    """

    interface: ClassVar[str] = ""
    templates: ClassVar[tuple[str, ...]] = ()
    requests: ClassVar[int] = 540

    def application(self) -> Any:
        """The application; built anew for each test."""
        raise NotImplementedError

    def test_nobody_sees_another_s_page(self) -> None:
        """Of many requests at once, each gets the answer of its own user."""
        browsed = self._browsed(everybody=False)
        assert browsed.wrong == []
        assert browsed.requests >= self.requests
        # Something was kept, or nothing was tried.
        assert browsed.kept > self.requests // 20
        assert browsed.shared == 0

    def test_nobody_sees_another_s_page_where_answers_are_for_everybody(self) -> None:
        """Who has a session is given what was kept too, and still no page but his own."""
        browsed = self._browsed(everybody=True)
        assert browsed.wrong == []
        assert browsed.requests >= self.requests
        assert browsed.shared > self.requests // 20

    def _browsed(self, *, everybody: bool) -> Browsed:
        hook()
        return browse(
            self.application(), self.interface, self.templates, self.requests, everybody=everybody
        )


def browse(
    app: Any,
    interface: str,
    templates: Iterable[str],
    requests: int,
    *,
    everybody: bool = False,
) -> Browsed:
    """Ask an application as two users and a stranger, several times each, in threads or tasks.

    Args:
        app: As ``PrivacyContract.application`` builds it, after ``hook()``.
        interface: ``"wsgi"`` or ``"asgi"``.
        templates: Routes whose answers are kept, as far as that is allowed.
        requests: How many in all, about.
        everybody: Whether who has a session is given what was kept too.
    """
    browsed = Browsed()
    entries = [
        CachedResponse(f"GET {template}", 60.0, 60.0, everybody=everybody) for template in templates
    ]
    caching = Caching(routes(entries, encoded=False), 10**6)
    browsers = [Browser(USERS[each % 3], each, browsed) for each in range(_AT_ONCE)]
    count = -(-requests // _AT_ONCE)
    if interface == "wsgi":
        _in_threads(wsgi.Cached(app, caching, MemoryStore()), browsers, count)
    else:
        shell = asgi.Cached(app, caching, AsyncInline(MemoryStore()))
        asyncio.run(_in_tasks(shell, browsers, count))
    return browsed


def _in_threads(app: wsgi.Cached, browsers: Iterable[Browser], count: int) -> None:
    def one(browser: Browser) -> None:
        for path in browser.paths(count):
            browser.took(path, *_ask_wsgi(app, path, browser.headers))

    threads = [threading.Thread(target=one, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def _in_tasks(app: asgi.Cached, browsers: Iterable[Browser], count: int) -> None:
    async def one(browser: Browser) -> None:
        for path in browser.paths(count):
            browser.took(path, *await _ask_asgi(app, path, browser.headers))

    await asyncio.gather(*map(one, browsers))


def _ask_wsgi(app: wsgi.Cached, path: str, headers: Fields) -> tuple[Fields, str]:
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "shop.test", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "shop.test", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0), "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    environ.update({f"HTTP_{name.upper()}": value for name, value in headers})
    said: list[Fields] = []
    body = app(environ, lambda _status, fields, *_: said.append(fields))
    try:
        content = b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return said[-1], content.decode()


async def _ask_asgi(app: asgi.Cached, path: str, headers: Fields) -> tuple[Fields, str]:
    path, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode(),
        "root_path": "", "query_string": query.encode(), "client": ("127.0.0.1", 1),
        "server": ("shop.test", 80),
        "headers": [(b"host", b"shop.test"), *((n.encode(), v.encode()) for n, v in headers)],
    }  # fmt: skip
    messages: list[dict[str, Any]] = []
    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for request in requests:
            return request
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        # Others go on in between, as with a server.
        await asyncio.sleep(0)
        messages.append(message)

    await app(scope, receive, send)
    fields = [(name.decode(), value.decode("latin-1")) for name, value in messages[0]["headers"]]
    return fields, b"".join(message.get("body", b"") for message in messages).decode()
