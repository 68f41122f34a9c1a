"""One answer of a WSGI application that is being made for all who wait for it."""

from __future__ import annotations

import http
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from surefoot.core.http_cache.fields import first, lowered
from surefoot.core.http_cache.kept import Kept
from surefoot.core.http_cache.observed import Observed
from surefoot.core.http_cache.status import FIELD, instead, made
from surefoot.core.http_cache.storing import Answer, Stored
from surefoot.ports import Store
from surefoot.web import matched
from surefoot.web.responses.caching import FAILED, ROUTE, Caching, Route
from surefoot.web.responses.flow import Found, Make, drive, keep, withdraw
from surefoot.web.responses.observing import observed_environ

__all__ = ["Making", "close", "given"]

Head = list[tuple[str, str]]
Start = Callable[..., Any]


class Making:
    """Looks on while an answer is made, passes it on, and keeps it if that is allowed.

    Args:
        caching: Decides.
        store: Where the answer is put.
        route: Which it matched.
        make: The right to make it, which was won.
        environ: As the server gave it.
        start: The server's ``start_response``.
    """

    def __init__(
        self,
        caching: Caching,
        store: Store,
        route: Route,
        make: Make,
        environ: dict[str, Any],
        start: Start,
    ) -> None:
        self._observed = Observed(environ.get("SCRIPT_NAME", ""))
        self.environ = observed_environ(environ, self._observed)
        """What the application is called with."""
        self._caching = caching
        self._store = store
        self._route = route
        self._make = make
        self._server_environ = environ
        self._server_start = self._saying(start) if caching.status else start
        self._said = made(stored=False)
        self._status = ""
        self._headers: Head = []
        self._error: tuple[Any, ...] = ()
        self._matched = ""
        self._write: Callable[[bytes], Any] | None = None
        self._sound = True
        self._over = False
        self._began = time.perf_counter()

    def _saying(self, start: Start) -> Start:
        return lambda status, headers, *error: start(
            status, [*headers, (FIELD, self._said)], *error
        )

    def start(self, status: str, headers: Head, *error: Any) -> Callable[[bytes], Any]:
        """In place of the server's ``start_response``."""
        if self._write is not None:
            # The answer has begun to go out, and now fails.
            self._sound = False
            self._write = self._server_start(status, headers, *error)
            return self._write
        self._status, self._headers, self._error = status, headers, error
        route = matched.route(self.environ, self._observed.root)
        self._matched = route or self._observed.route
        self._server_environ[ROUTE] = self._matched
        return self._written

    def _written(self, part: bytes) -> None:
        # How applications answered before they could return a body; none of these is kept.
        self._sound = False
        self._tell()
        if self._write is not None:
            self._write(part)

    def _tell(self) -> None:
        if self._write is None:
            self._write = self._server_start(self._status, self._headers, *self._error)

    def answer(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """What the server is given as the body; the application has returned."""
        if isinstance(body, list | tuple) and self._status:
            whole = b"".join(body)
            return self._stale() or self._whole(whole) or self._plain(body)
        parts = iter(body)
        seen = []
        if not self._status or self._fits():
            # A generator begins its answer when it is first asked for a part.
            seen = list(itertools.islice(parts, 1))
        instead = self._stale()
        if instead is None and seen and str(len(seen[0])) == self._length():
            instead = self._whole(seen[0])
        if instead is not None:
            close(body)
            return instead
        self._tell()
        return _Passed(self, itertools.chain(seen, parts), body)

    def _length(self) -> str:
        return first(lowered(self._headers), "content-length")

    def _fits(self) -> bool:
        length = self._length()
        return length.isdigit() and len(length) < 12 and int(length) <= self._caching.limit

    def _stale(self) -> Iterable[bytes] | None:
        """The stale answer, where a new one could not be made."""
        stale = self._make.stale
        if stale is None or self._write is not None or self._code() not in FAILED:
            return None
        self.give_up(failed=True)
        self._said = instead(self._code())
        return given(self._caching.given(self._route, stale, self._make.asked), self._server_start)

    def _whole(self, body: bytes) -> Iterable[bytes] | None:
        """A body that is all there; ``None`` where the answer goes out as it is."""
        kept = self.keep(body) if self._write is None else None
        if kept is None:
            return None
        found = Found(kept, None)
        return given(self._caching.given(self._route, found, self._make.asked), self._server_start)

    def _plain(self, body: Iterable[bytes]) -> Iterable[bytes]:
        self._tell()
        return body

    def _code(self) -> int:
        return int(self._status[:3]) if self._status[:3].isdigit() else 0

    def keep(self, body: bytes) -> Kept | None:
        """Keep the answer if that is allowed, now that all of it is known."""
        if self._over:
            return None
        self._route.known.saw(time.perf_counter() - self._began)
        fields = lowered(self._headers)
        answer = Answer(self._code(), fields, self._matched, body, self._sound)
        decided = self._caching.decide(self._route, self._make.asked, answer, self._observed)
        if not isinstance(decided, Stored):
            self._said = made(stored=False, why=decided.why)
            self.give_up(failed=answer.status in FAILED)
            return None
        self._over = True
        self._said = made(stored=True)
        kept = Kept.of(answer.status, fields, body)
        steps = keep(self._make, kept, decided, self._caching.clock)
        if drive(steps, self._store) is None:
            # The store would not take it, as one that is too long for it; nobody is to wait.
            drive(withdraw(self._make, self._caching.clock, failed=False), self._store)
        return kept

    def give_up(self, *, failed: bool) -> None:
        """Nothing is kept; nobody is to wait for it. A second call does nothing."""
        if not self._over:
            self._over = True
            self._route.tally.failed += failed
            drive(withdraw(self._make, self._caching.clock, failed=failed), self._store)

    @property
    def limit(self) -> int:
        """Bytes of the longest body that is kept."""
        return self._caching.limit


class _Passed:
    """A body that is sent as it comes, and kept if it comes to its end."""

    def __init__(self, making: Making, parts: Iterator[bytes], body: Iterable[bytes]) -> None:
        self._making = making
        self._parts = parts
        self._body = body
        self._seen: list[bytes] = []
        self._size = 0
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        limit = self._making.limit
        for part in self._parts:
            self._size += len(part)
            if self._size <= limit:
                self._seen.append(part)
            elif self._seen:
                self._seen = []
                self._making.give_up(failed=False)
            yield part
        self._ended = True

    def close(self) -> None:
        """Close the application's body. What it reads of the request even then is known now."""
        try:
            close(self._body)
            if self._ended and self._size <= self._making.limit:
                self._making.keep(b"".join(self._seen))
        finally:
            self._making.give_up(failed=True)


def given(kept: Kept, start: Start) -> list[bytes]:
    """Answer with what was kept."""
    try:
        phrase = http.HTTPStatus(kept.status).phrase
    except ValueError:
        phrase = ""
    start(f"{kept.status} {phrase}", list(kept.fields))
    return [kept.body] if kept.body else []


def close(body: Iterable[bytes]) -> None:
    """Close a body that can be closed."""
    closing = getattr(body, "close", None)
    if closing is not None:
        closing()
