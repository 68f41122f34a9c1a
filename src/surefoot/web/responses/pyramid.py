"""The doors of Pyramid and WebOb: what is read of a request through them is noted.

Who a user is, a policy finds out from the session, a cookie or a field, and is seen at that; that
it found somebody counts besides. Nothing that Pyramid reads for itself is left out: ``pyramid_tm``
asks who is logged in, to write it into the transaction, and what it so finds, a policy may remember
for the views.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MappingProxyType, ModuleType
from typing import Any, Final

from surefoot.core.http_cache.observed import SESSION, USER
from surefoot.web.responses import sessions
from surefoot.web.responses.observing import observed_of

__all__ = ["FIELDS", "INSTALLERS"]

_PYRAMID: Final = "pyramid"
FIELDS: Final = MappingProxyType(
    {
        "accept": "accept",
        "accept_charset": "accept-charset",
        "accept_encoding": "accept-encoding",
        "accept_language": "accept-language",
        "cache_control": "cache-control",
        "client_addr": "x-forwarded-for",
        "pragma": "pragma",
        "referer": "referer",
        "referrer": "referer",
        "user_agent": "user-agent",
    }
)
"""Attributes of a request of WebOb's that look for a watched field. Where the request does not have
it, no dictionary tells that it was looked for."""
_PEOPLE: Final = MappingProxyType(
    {
        "SecurityAPIMixin": ("identity", "authenticated_userid"),
        "AuthenticationAPIMixin": ("unauthenticated_userid",),
    }
)


def _router(module: ModuleType) -> None:
    plain = module.Router.request_context

    @functools.wraps(plain)
    def request_context(self: Any, environ: Any) -> Any:
        observed = observed_of(environ)
        if observed is not None:
            observed.by.add(_PYRAMID)
        return plain(self, environ)

    module.Router.request_context = request_context


def _requests(module: ModuleType) -> None:
    """Sessions are made when they are first asked for: asking is reading."""
    request = module.Request
    make = request.session.wrapped

    def read(self: Any) -> Any:
        _person(self, SESSION)
        attributes = self.__dict__
        if "session" not in attributes:
            session = attributes["session"] = make(self)
            # Here too: its factory may be older than this.
            sessions.learn(getattr(session, "_cookie_name", None))
        return attributes["session"]

    def write(self: Any, session: Any) -> None:
        self.__dict__["session"] = session

    def remove(self: Any) -> None:
        del self.__dict__["session"]

    request.session = property(read, write, remove, make.__doc__)


def _security(module: ModuleType) -> None:
    for mixin, names in _PEOPLE.items():
        for name in names:
            holder = getattr(module, mixin)
            # Not by getattr: some warn that they are deprecated, as soon as they are touched.
            setattr(holder, name, _personal(vars(holder)[name]))


def _personal(plain: Any) -> property:
    def read(self: Any) -> Any:
        found = plain.__get__(self, type(self))
        if found:
            _person(self, USER)
        return found

    return property(read)


def _person(request: Any, what: str) -> None:
    observed = observed_of(request.__dict__.get("environ"))
    if observed is not None:
        observed.person(what)


def _session_cookies(module: ModuleType) -> None:
    plain = module.BaseCookieSessionFactory

    @functools.wraps(plain)
    def made(*args: Any, **kwargs: Any) -> Any:
        factory = plain(*args, **kwargs)
        sessions.learn(getattr(factory, "_cookie_name", None))
        return factory

    module.__dict__["BaseCookieSessionFactory"] = made


def _tickets(module: ModuleType) -> None:
    helper = module.AuthTktCookieHelper
    for name in ("__init__", "identify"):
        setattr(helper, name, _learning(getattr(helper, name)))


def _learning(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def learning(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = plain(self, *args, **kwargs)
        sessions.learn(getattr(self, "cookie_name", None))
        return result

    return learning


def _errors(module: ModuleType) -> None:
    """What is raised in place of an answer is written in the format that the client prefers."""
    plain = module.HTTPException.prepare

    @functools.wraps(plain)
    def prepared(self: Any, environ: Any) -> Any:
        observed = observed_of(environ)
        if observed is not None and not self.has_body:
            observed.field("accept")
        return plain(self, environ)

    module.HTTPException.prepare = prepared


def _webob(module: ModuleType) -> None:
    for name, field in FIELDS.items():
        setattr(module.BaseRequest, name, _looked_for(getattr(module.BaseRequest, name), field))


def _looked_for(plain: property, field: str) -> property:
    def read(self: Any) -> Any:
        observed = observed_of(self.environ)
        if observed is not None:
            observed.field(field)
        return plain.__get__(self, type(self))

    return property(read, plain.fset, plain.fdel, plain.__doc__)


def _headers(module: ModuleType) -> None:
    headers = module.EnvironHeaders
    for method in ("__getitem__", "__contains__"):
        setattr(headers, method, _named(getattr(headers, method), _field))


def _cookies(module: ModuleType) -> None:
    # All others go through the whole of the field, which is noted as it is read.
    cookies = module.RequestCookies
    for method in ("__getitem__", "__contains__", "get"):
        setattr(cookies, method, _named(getattr(cookies, method), _cookie))


def _named(plain: Callable[..., Any], noted: Callable[[Any, str], Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def read(self: Any, name: Any, *args: Any, **kwargs: Any) -> Any:
        observed = noted(self, str(name))
        if observed is None:
            return plain(self, name, *args, **kwargs)
        with observed.aside():
            return plain(self, name, *args, **kwargs)

    return read


def _field(headers: Any, name: str) -> Any:
    observed = observed_of(headers.environ)
    if observed is not None:
        observed.field(name.lower().replace("_", "-"))
    return observed


def _cookie(cookies: Any, name: str) -> Any:
    observed = observed_of(cookies._environ)  # noqa: SLF001 - WebOb has no other way to it
    if observed is not None:
        observed.cookie(name)
    return observed


INSTALLERS: Final[dict[str, Callable[[ModuleType], None]]] = {
    "webob.request": _webob,
    "webob.headers": _headers,
    "webob.cookies": _cookies,
    "pyramid.router": _router,
    "pyramid.request": _requests,
    "pyramid.security": _security,
    "pyramid.session": _session_cookies,
    "pyramid.authentication": _tickets,
    "pyramid.httpexceptions": _errors,
}
