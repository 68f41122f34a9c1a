"""The doors of Flask and Werkzeug: what is read of a request through them is noted.

Everything is put in once, when the framework is imported, and costs one look into the environment
for requests that nobody observes.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from surefoot.core.http_cache.observed import ADDRESS
from surefoot.web import matched
from surefoot.web.responses import sessions
from surefoot.web.responses.jar import observed_jar
from surefoot.web.responses.observing import observed_of
from surefoot.web.responses.watched import watched, watcher

__all__ = ["INSTALLERS"]

_FLASK: Final = "flask"
# Flask's own sessions keep what they read to themselves; those of others may tell it elsewhere.
_VOUCHED: Final = frozenset({"flask.sessions", "builtins"})


def _environ(request: Any) -> Any:
    return getattr(request, "environ", None)


def _sansio(module: ModuleType) -> None:
    request = module.Request
    plain = request.cookies

    def cookies(self: Any) -> Any:
        observed = observed_of(_environ(self))
        if observed is None:
            return plain.__get__(self, type(self))
        with observed.aside():
            jar = plain.__get__(self, type(self))
        return observed_jar(jar, observed)

    def address(self: Any) -> Any:
        observed = observed_of(_environ(self))
        if observed is not None:
            observed.person(ADDRESS)
        return self.__dict__.get("remote_addr")

    def address_set(self: Any, value: Any) -> None:
        self.__dict__["remote_addr"] = value

    request.cookies = property(cookies)
    request.remote_addr = property(address, address_set)


def _wrappers(module: ModuleType) -> None:
    plain = module.Request.__init__

    @functools.wraps(plain)
    def made(self: Any, environ: Any, *args: Any, **kwargs: Any) -> None:
        observed = observed_of(environ)
        if observed is None:
            plain(self, environ, *args, **kwargs)
            return
        # It notes the client's address for later; who reads it there is seen there.
        with observed.aside():
            plain(self, environ, *args, **kwargs)

    module.Request.__init__ = made


def _headers(module: ModuleType) -> None:
    # Fields that the request does not have are looked for too, which no dictionary tells.
    headers = module.EnvironHeaders
    for method in ("_get_key", "__getitem__", "getlist", "get_all"):
        if hasattr(headers, method):
            setattr(headers, method, _noting(getattr(headers, method)))


def _noting(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def read(self: Any, key: Any, *args: Any, **kwargs: Any) -> Any:
        observed = observed_of(self.environ)
        if observed is None or not isinstance(key, str):
            return plain(self, key, *args, **kwargs)
        observed.field(key.lower().replace("_", "-"))
        with observed.aside():
            return plain(self, key, *args, **kwargs)

    return read


def _proxy_fix(module: ModuleType) -> None:
    plain = module.ProxyFix.__call__

    @functools.wraps(plain)
    def called(self: Any, environ: Any, start_response: Any) -> Any:
        observed = observed_of(environ)
        if observed is None:
            return plain(self, environ, start_response)
        app, fixing = self.app, copy.copy(self)
        fixed: list[tuple[Any, Any]] = []
        fixing.app = lambda *told: fixed.append(told)
        with observed.aside():
            plain(fixing, environ, start_response)
        return app(*fixed[0])

    module.ProxyFix.__call__ = called


def _context(module: ModuleType) -> None:
    context = getattr(module, "RequestContext", None)
    if context is None:
        # A Flask that keeps its sessions elsewhere: nobody vouches, and nothing is kept.
        return
    plain = context.push

    @functools.wraps(plain)
    def pushed(self: Any, *args: Any, **kwargs: Any) -> Any:
        observed = observed_of(self.request.environ)
        if observed is None:
            return plain(self, *args, **kwargs)
        interface: Any = type(self.app.session_interface)
        _watch(interface)
        result = plain(self, *args, **kwargs)
        # Where the answer starts, Flask may have taken the request out of the environment again.
        observed.route = matched.route(self.request.environ, observed.root)
        session = vars(self).get("_session", vars(self).get("session"))
        if session is not None:
            watched(session, observed)
            observed.sessions.append(session)
            observed.by.add(_FLASK)
        return result

    context.push = pushed


@functools.cache
def _watch(interface: Any) -> None:
    """A class of session interfaces reads cookies for itself; under which name is learnt."""
    plain, saving = interface.open_session, interface.save_session

    @functools.wraps(plain)
    def opened(self: Any, app: Any, request: Any) -> Any:
        named = getattr(self, "get_cookie_name", None)
        name = named(app) if named is not None else app.config.get("SESSION_COOKIE_NAME")
        sessions.learn(name)
        observed = observed_of(_environ(request))
        if observed is None:
            return plain(self, app, request)
        # Who reads the session is told by the session.
        with observed.aside():
            session = plain(self, app, request)
        if {plain.__module__, type(session).__module__} - _VOUCHED:
            observed.unsure.add(type(self).__name__)
        return session if session is None else watched(session, observed)

    @functools.wraps(saving)
    def saved(self: Any, app: Any, session: Any, response: Any) -> Any:
        observed = watcher(session)
        if observed is None:
            return saving(self, app, session, response)
        if saving.__module__ not in _VOUCHED:
            observed.unsure.add(type(self).__name__)
        read = getattr(session, "accessed", True)
        with observed.aside():
            result = saving(self, app, session, response)
        if not read:
            # Flask before 3.1.3 reads its own sessions here, and then takes them for read.
            session.accessed = False
        return result

    interface.open_session = opened
    interface.save_session = saved


INSTALLERS: Final[dict[str, Callable[[ModuleType], None]]] = {
    "werkzeug.sansio.request": _sansio,
    "werkzeug.wrappers.request": _wrappers,
    "werkzeug.datastructures.headers": _headers,
    "werkzeug.middleware.proxy_fix": _proxy_fix,
    "flask.ctx": _context,
}
