"""Runs something around every request handler of a Tornado application, websockets excepted.

A handler's coroutine is the one place through which every request goes whose rule, status and end
are known.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from tornado.routing import PathMatches
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from surefoot.web.tornado.framework import RULE, applications

__all__ = ["Around", "Run", "surround", "when_finished"]

Run = Callable[[], Coroutine[Any, Any, None]]
Around = Callable[[Any, Run], Coroutine[Any, Any, None]]
"""Given a handler and what runs it."""

_AROUND: Final = "surefoot_around"
_FINISHED: Final = "surefoot_finished"


def surround(application: Any, around: Around) -> None:
    """Call ``around`` for every request of the application from now on, outside earlier ones."""
    _prepare()
    for each in applications(application):
        before: Around | None = getattr(each, _AROUND, None)
        setattr(each, _AROUND, around if before is None else _nested(around, before))


def when_finished(handler: Any, call: Callable[[], None]) -> None:
    """Call this when the handler has handed the last of its answer over."""
    vars(handler).setdefault(_FINISHED, []).append(call)


def _nested(outer: Around, inner: Around) -> Around:
    return lambda handler, run: outer(handler, lambda: inner(handler, run))


@functools.cache
def _prepare() -> None:
    """Change Tornado's classes, once; applications that nobody surrounds are served as before."""
    execute, finish, match = RequestHandler._execute, RequestHandler.finish, PathMatches.match  # noqa: SLF001 - the coroutine of a request

    @functools.wraps(execute)
    def surrounded(self: Any, *args: Any, **kwargs: Any) -> Awaitable[None]:
        around = getattr(self.application, _AROUND, None)
        if around is None or isinstance(self, WebSocketHandler):
            plain: Awaitable[None] = execute(self, *args, **kwargs)
            return plain
        found: Awaitable[None] = around(self, lambda: execute(self, *args, **kwargs))
        return found

    @functools.wraps(finish)
    def finishing(self: Any, *args: Any, **kwargs: Any) -> Any:
        future = finish(self, *args, **kwargs)
        for call in vars(self).get(_FINISHED, ()):
            call()
        return future

    @functools.wraps(match)
    def noting(self: Any, request: Any) -> Any:
        found = match(self, request)
        if found is not None:
            setattr(request, RULE, self.regex.pattern)
        return found

    RequestHandler._execute = surrounded  # noqa: SLF001 - as above
    RequestHandler.finish = finishing
    PathMatches.match = noting
