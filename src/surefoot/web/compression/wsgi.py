"""A WSGI application whose answers are compressed where that pays."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from surefoot.core import compression as rules
from surefoot.web.compression.gzip import Gzip

__all__ = ["Compressed"]

Environ = dict[str, Any]
Head = list[tuple[str, str]]


class Compressed:
    """Passes every call on and compresses what comes back.

    A body that is there as a whole gets its new length; of one that streams each part is flushed,
    so that it streams as before. That costs some ten bytes a part: parts of a few bytes get longer.

    Args:
        app: The WSGI application.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request."""
        answer = _Answer(environ, start_response)
        body = self.app(environ, answer.start)
        if not answer.begun:
            # A generator that starts its answer when it is first asked for a part.
            return _Parts(answer, body, iter(body))
        if not answer.compresses:
            # Servers look for lists, and for their own file wrapper, to send them faster.
            answer.tell()
            return body
        return _begun(answer, body)


def _begun(answer: _Answer, body: Iterable[bytes]) -> Iterable[bytes]:
    """The body of an answer whose head is known, and says that it is to be compressed."""
    if isinstance(body, list | tuple):
        return [answer.whole(b"".join(body))]
    parts = iter(body)
    if answer.length:
        try:
            first = next(parts, b"")
        except BaseException:
            _close(body)
            raise
        if len(first) == answer.length:
            return _Parts(answer, body, iter([answer.whole(first)]))
        parts = itertools.chain([first], parts)
    answer.tell()
    return _Parts(answer, body, parts)


def _personal(environ: Environ) -> bool:
    # Where an answer is made to be kept, looking for cookies would make it somebody's; what it says
    # does not depend on them.
    observed = environ.get("surefoot.observed")
    with contextlib.nullcontext() if observed is None else observed.aside():
        return bool(environ.get("HTTP_COOKIE")) or "HTTP_AUTHORIZATION" in environ


class _Answer:
    """One answer's head, held back until it is known what becomes of the body."""

    __slots__ = ("_environ", "_gzip", "_head", "_start", "_told", "_write", "begun", "length")

    def __init__(self, environ: Environ, start: Callable[..., Any]) -> None:
        self._environ = environ
        self._start = start
        self._head: tuple[str, Head, tuple[Any, ...]] = ("", [], ())
        self._gzip: Gzip | None = None
        self._told = False
        self._write: Callable[..., Any] | None = None
        self.begun = False
        self.length = 0
        """What the application says its body has, in bytes; 0 where it does not say."""

    @property
    def compresses(self) -> bool:
        """Whether what follows is compressed."""
        return self._gzip is not None

    def start(self, status: str, headers: Head, *error: Any) -> Callable[..., Any]:
        """In place of the server's ``start_response``."""
        self._gzip = None
        if self._told:
            # Only to replace the answer by an error, which goes out as it is.
            write: Callable[..., Any] = self._start(status, headers, *error)
            return write
        self.begun = True
        environ = self._environ
        # What is no status is for the server to complain about.
        code = int(status[:3]) if status[:3].isdigit() else 0
        if rules.compressible(environ.get("REQUEST_METHOD", ""), code, headers):
            headers = rules.varied(headers)
            if rules.accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
                self._gzip = Gzip(padded=_personal(environ))
        said = next((value for name, value in headers if name.lower() == "content-length"), "")
        self.length = int(said) if said.isdigit() else 0
        self._head = (status, headers, error)
        return self._written

    def _written(self, part: bytes) -> None:
        # How applications answered before they could return a body; none is compressed.
        self._gzip = None
        self.tell()
        if self._write is not None:
            self._write(part)

    def tell(self, length: int | None = None) -> None:
        """Tell the server how the answer begins, once."""
        if self._told:
            return
        self._told = True
        status, headers, error = self._head
        if self._gzip is not None:
            headers = rules.encoded(headers, length)
        self._write = self._start(status, headers, *error)

    def whole(self, body: bytes) -> bytes:
        """A body that is all there."""
        if self._gzip is None or len(body) < rules.LEAST:
            self._gzip = None
            self.tell()
            return body
        packed = self._gzip.add(body, flush=False) + self._gzip.end()
        self.tell(len(packed))
        self._gzip = None
        return packed

    def part(self, part: bytes) -> bytes:
        """One part of a body that comes in several."""
        if self.begun:
            self.tell()
        return self._gzip.add(part, flush=True) if self._gzip is not None and part else part

    def end(self) -> bytes:
        """What follows the last part."""
        if self.begun:
            self.tell()
        return self._gzip.end() if self._gzip is not None else b""


class _Parts:
    """A body that is compressed while it is sent."""

    __slots__ = ("_answer", "_body", "_parts")

    def __init__(self, answer: _Answer, body: Iterable[bytes], parts: Iterator[bytes]) -> None:
        self._answer = answer
        self._body = body
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            yield self._answer.part(part)
        last = self._answer.end()
        if last:
            yield last

    def close(self) -> None:
        """Close the application's body."""
        _close(self._body)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()
