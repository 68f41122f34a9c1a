"""Django: which route a request was served by, under WSGI and ASGI, and which routes there are.

Django keeps what it matched on its own request, which nobody outside sees; so its handlers' one
place where a path is resolved notes the route in the environment or the scope as well.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from types import MappingProxyType, ModuleType
from typing import Any, Final

from surefoot.web.django.methods import methods
from surefoot.web.django.patterns import joined, parameters, template
from surefoot.web.framework import Carrier, Framework, Route, declared, mounted

__all__ = ["DJANGO"]

_NOTE: Final = "surefoot.django.route"


def _matched(carrier: Carrier, root: str) -> str:
    found = carrier.get(_NOTE)
    return mounted(carrier, root) + template(found) if found is not None else ""


def _noting(module: ModuleType) -> None:
    handler: Any = module.__dict__["BaseHandler"]
    resolve = handler.resolve_request

    @functools.wraps(resolve)
    def resolve_request(self: Any, request: Any) -> Any:
        match = resolve(self, request)
        carrier = getattr(request, "environ", None) or getattr(request, "scope", None)
        if carrier is not None:
            carrier[_NOTE] = match.route
        return match

    handler.resolve_request = resolve_request


def _routes(_: Any) -> Iterator[Route]:
    """Of the URLconf that the settings name; ``i18n_patterns`` in the language of the settings."""
    from django.urls import get_resolver  # noqa: PLC0415 - the application has imported Django

    yield from _below(get_resolver().url_patterns, "")


def _below(patterns: Any, outer: str) -> Iterator[Route]:
    for pattern in patterns:
        route = joined(outer, str(pattern.pattern))
        inner = getattr(pattern, "url_patterns", None)
        if inner is not None:
            yield from _below(inner, route)
            continue
        found = template(route)
        for method in methods(pattern.callback):
            yield declared(method, found, parameters(found), _called(pattern))


def _debugs(_: Any) -> bool:
    from django.conf import settings  # noqa: PLC0415 - as above

    return bool(settings.DEBUG)


def _called(pattern: Any) -> str:
    return str(pattern.name or pattern.lookup_str)


DJANGO: Final = Framework(
    "django",
    MappingProxyType(
        {
            "django.core.handlers.wsgi:WSGIHandler": "wsgi",
            "django.core.handlers.asgi:ASGIHandler": "asgi",
        }
    ),
    _matched,
    _routes,
    MappingProxyType({"django.core.handlers.base": _noting}),
    _debugs,
)
