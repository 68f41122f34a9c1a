"""The doors of Starlette and FastAPI: what is read of a request through them is noted."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from surefoot.core.http_cache.observed import SESSION, USER, Observed
from surefoot.web.responses import sessions
from surefoot.web.responses.jar import observed_jar
from surefoot.web.responses.observing import ByteName, observed_of
from surefoot.web.responses.watched import watched

__all__ = ["INSTALLERS"]

_STARLETTE: Final = "starlette"


def _requests(module: ModuleType) -> None:
    connection = module.HTTPConnection
    plain = connection.cookies.fget

    def cookies(self: Any) -> Any:
        observed = observed_of(self.scope)
        if observed is None:
            return plain(self)
        with observed.aside():
            jar = plain(self)
        return observed_jar(jar, observed)

    connection.cookies = property(cookies)
    for name, what in (("session", SESSION), ("user", USER), ("auth", USER)):
        setattr(connection, name, _personal(getattr(connection, name).fget, what))


def _personal(plain: Callable[..., Any], what: str) -> property:
    def read(self: Any) -> Any:
        observed = observed_of(self.scope)
        if observed is not None:
            observed.person(what)
        return plain(self)

    return property(read)


def _datastructures(module: ModuleType) -> None:
    # Fields that the request does not have are looked for too, which no list tells.
    headers = module.Headers
    for method in ("__getitem__", "__contains__", "getlist"):
        setattr(headers, method, _noting(getattr(headers, method)))


def _noting(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def read(self: Any, key: Any) -> Any:
        # An observed list ends with a name that notes.
        if self._list and type(self._list[-1][0]) is ByteName:
            self._list[-1][0].observed.field(str(key).lower())
        return plain(self, key)

    return read


def _applications(module: ModuleType) -> None:
    plain = module.Starlette.__call__

    @functools.wraps(plain)
    async def called(self: Any, scope: Any, receive: Any, send: Any) -> None:
        observed = observed_of(scope)
        if observed is not None:
            observed.by.add(_STARLETTE)
        await plain(self, scope, receive, send)

    module.Starlette.__call__ = called


def _sessions(module: ModuleType) -> None:
    middleware = module.SessionMiddleware
    plain, calling = middleware.__init__, middleware.__call__

    @functools.wraps(plain)
    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        plain(self, *args, **kwargs)
        sessions.learn(getattr(self, "session_cookie", None))

    @functools.wraps(calling)
    async def called(self: Any, scope: Any, receive: Any, send: Any) -> None:
        observed = observed_of(scope)
        if observed is None:
            await calling(self, scope, receive, send)
        else:
            await _between(calling, self, observed, (scope, receive, send))

    middleware.__init__ = made
    middleware.__call__ = called


async def _between(calling: Any, middleware: Any, observed: Observed, call: Any) -> None:
    """Have the middleware read and write the session aside, and nobody else.

    What it does for itself lies between its being called and its calling on, and so with the
    answer on its way out. It waits for nothing there, so that nobody else reads meanwhile.
    """
    scope, receive, send = call
    itself = _Itself(observed)

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        itself.ends()
        if "session" in scope:
            scope["session"] = watched(scope["session"], observed)

        async def answered(message: Any) -> None:
            itself.begins()
            try:
                await send(message)
            finally:
                itself.ends()

        await middleware.app(scope, receive, answered)

    async def outside(message: Any) -> None:
        itself.ends()
        await send(message)

    copied = copy.copy(middleware)
    copied.app = inside
    itself.begins()
    try:
        await calling(copied, scope, receive, outside)
    finally:
        itself.ends()


class _Itself:
    """Whether it is the middleware itself that reads just now; ending twice does no harm."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed
        self._aside = contextlib.ExitStack()

    def begins(self) -> None:
        self._aside.enter_context(self._observed.aside())

    def ends(self) -> None:
        self._aside.close()


INSTALLERS: Final[dict[str, Callable[[ModuleType], None]]] = {
    "starlette.requests": _requests,
    "starlette.datastructures": _datastructures,
    "starlette.applications": _applications,
    "starlette.middleware.sessions": _sessions,
}
