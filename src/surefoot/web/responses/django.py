"""The doors of Django: what is read of a request through them is noted.

Django's own middleware reads cookies and fields for every request and does nothing with most of
them; what it finds is handed out by the request, and noted there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

from surefoot.core.http_cache.observed import Observed
from surefoot.web.responses import sessions
from surefoot.web.responses.jar import observed_jar
from surefoot.web.responses.observing import Name, observed_environ, observed_of
from surefoot.web.responses.watched import watched

__all__ = ["INSTALLERS"]

_DJANGO: Final = "django"
_VOUCHED: Final = "django.contrib.sessions."
_TOKEN: Final = "a token against forged requests"  # noqa: S105 - words for who reads them
_SECRET: Final = "CSRF_COOKIE"  # noqa: S105 - the name that Django's middleware leaves it under


def _observed(request: Any) -> Observed | None:
    return observed_of(getattr(request, "META", None))


def _aside(plain: Callable[..., Any]) -> Callable[..., Any]:
    """What middleware does for itself, given the request as its first argument."""

    @functools.wraps(plain)
    def apart(self: Any, request: Any, *args: Any) -> Any:
        observed = _observed(request)
        if observed is None:
            return plain(self, request, *args)
        with observed.aside():
            return plain(self, request, *args)

    return apart


def _wsgi(module: ModuleType) -> None:
    request: Any = module.__dict__["WSGIRequest"]
    plain = request.__init__

    @functools.wraps(plain)
    def made(self: Any, environ: Any) -> None:
        plain(self, environ)
        observed = observed_of(environ)
        if observed is not None:
            observed.by.add(_DJANGO)
            self.META = _Meta(self.META, observed)

    request.__init__ = made
    _cookies(request)


def _asgi(module: ModuleType) -> None:
    request: Any = module.__dict__["ASGIRequest"]
    plain = request.__init__

    @functools.wraps(plain)
    def made(self: Any, scope: Any, body_file: Any) -> None:
        observed = observed_of(scope)
        if observed is None:
            plain(self, scope, body_file)
            return
        observed.by.add(_DJANGO)
        # It copies every field; who reads one of the copies is seen there.
        with observed.aside():
            plain(self, scope, body_file)
            self.META = _Meta(observed_environ(self.META, observed), observed)

    request.__init__ = made
    _cookies(request)


def _cookies(request: Any) -> None:
    _replace(request, "COOKIES", observed_jar)


def _request(module: ModuleType) -> None:
    noting = _noting(module.__dict__["HttpHeaders"])

    def noted(headers: Any, observed: Observed) -> Any:
        headers.__class__ = noting
        headers.surefoot_observed = observed
        return headers

    _replace(module.__dict__["HttpRequest"], "headers", noted)


def _noting(headers: Any) -> Any:
    """Fields of a request that note being looked for, and all of them where they are gone over."""

    class Noting(headers):  # type: ignore[misc]
        surefoot_observed: Observed

        def __getitem__(self, key: str) -> Any:
            self.surefoot_observed.field(key.lower().replace("_", "-"))
            return super().__getitem__(key)

        def __iter__(self) -> Iterator[Any]:
            names = list(super().__iter__())
            for name in names:
                self.surefoot_observed.field(name.lower())
            return iter(names)

    return Noting


class _Meta(dict[str, Any]):
    """What Django calls ``META``, which notes that a field was looked for and was not there.

    A server's environment has to be a plain dictionary; Django's has not.
    """

    __slots__ = ("observed",)

    def __init__(self, plain: dict[str, Any], observed: Observed) -> None:
        super().__init__(plain)
        self.observed = observed

    def __missing__(self, key: str) -> Any:
        self._absent(key)
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As of any dictionary."""
        return super().__getitem__(key) if key in self else default

    def __contains__(self, key: object) -> bool:
        found = super().__contains__(key)
        if not found:
            self._absent(key)
        return found

    def _absent(self, key: object) -> None:
        if key == _SECRET:
            self.observed.person(_TOKEN)
        elif isinstance(key, str) and key.startswith("HTTP_"):
            self.observed.field(key[5:].lower().replace("_", "-"))


def _replace(holder: Any, name: str, noted: Callable[[Any, Observed], Any]) -> None:
    """Have what a request works out once, and keeps, note its reading."""
    kept: Any = vars(holder)[name]
    plain = kept.func

    def read(self: Any) -> Any:
        observed = _observed(self)
        if observed is None:
            return plain(self)
        with observed.aside():
            found = plain(self)
        return noted(found, observed)

    # Django's own kind: the standard library's locks all requests out while one works it out.
    noting = type(kept)(read)
    noting.__set_name__(holder, name)
    setattr(holder, name, noting)


def _common(module: ModuleType) -> None:
    middleware: Any = module.__dict__["CommonMiddleware"]
    plain = middleware.process_request
    apart = _aside(plain)

    @functools.wraps(plain)
    def process_request(self: Any, request: Any) -> Any:
        # It reads User-Agent to turn some of them away; mostly there are none.
        turned_away = module.__dict__["settings"].DISALLOWED_USER_AGENTS
        return (plain if turned_away else apart)(self, request)

    middleware.process_request = process_request


def _csrf(module: ModuleType) -> None:
    package: Any = module
    middleware = package.CsrfViewMiddleware
    middleware._get_secret = _aside(middleware._get_secret)  # noqa: SLF001 - read for all, used by few
    remember, token = middleware.process_request, package.get_token

    @functools.wraps(remember)
    def process_request(self: Any, request: Any) -> Any:
        answer = remember(self, request)
        observed = _observed(request)
        if observed is not None and dict.__contains__(request.META, _SECRET):
            note = Name(_SECRET)
            note.note = lambda: observed.person(_TOKEN)
            request.META[note] = request.META.pop(_SECRET)
        return answer

    @functools.wraps(token)
    def get_token(request: Any) -> Any:
        observed = _observed(request)
        if observed is not None:
            observed.person(_TOKEN)
        return token(request)

    middleware.process_request, package.get_token = process_request, get_token


def _sessions(module: ModuleType) -> None:
    middleware: Any = module.__dict__["SessionMiddleware"]
    begin, made = middleware.process_request, middleware.__init__

    @functools.wraps(made)
    def known(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        sessions.learn(module.__dict__["settings"].SESSION_COOKIE_NAME)

    @functools.wraps(begin)
    def process_request(self: Any, request: Any) -> Any:
        observed = _observed(request)
        if observed is None:
            return begin(self, request)
        with observed.aside():
            answer = begin(self, request)
            session = getattr(request, "session", None)
            if session is not None:
                if not type(session).__module__.startswith(_VOUCHED):
                    observed.unsure.add(type(session).__module__)
                request.session = watched(session, observed)
                observed.sessions.append(request.session)
        return answer

    middleware.__init__, middleware.process_request = known, process_request
    middleware.process_response = _aside(middleware.process_response)


INSTALLERS: Final[dict[str, Callable[[ModuleType], None]]] = {
    "django.http.request": _request,
    "django.core.handlers.wsgi": _wsgi,
    "django.core.handlers.asgi": _asgi,
    "django.middleware.common": _common,
    "django.middleware.csrf": _csrf,
    "django.contrib.sessions.middleware": _sessions,
}
