"""Pyramid: which route or resource a request was served by, and which there are.

Pyramid keeps what it matched on its own request, which nobody outside sees. Its router notes it in
the environment as well, when the view is through: an event such as ``ContextFound`` would come
before the view is known, and would have Pyramid send events to applications that listen to none.
A subrequest has an environment of its own, so that the outer request's route stays.
"""

from __future__ import annotations

import functools
from types import MappingProxyType, ModuleType
from typing import Any, Final

from surefoot.web.framework import Carrier, Framework, mounted
from surefoot.web.pyramid.patterns import template, traversed
from surefoot.web.pyramid.routes import routes

__all__ = ["PYRAMID"]

_NOTE: Final = "surefoot.pyramid.route"


def _matched(environ: Carrier, root: str) -> str:
    found = environ.get(_NOTE)
    return mounted(environ, root) + str(found) if found else ""


def _noting(module: ModuleType) -> None:
    router: Any = module.__dict__["Router"]
    plain = router.handle_request

    @functools.wraps(plain)
    def handle_request(self: Any, request: Any) -> Any:
        try:
            return plain(self, request)
        finally:
            # Before the context is given up; views that raise have a route as well.
            _note(request)

    router.handle_request = handle_request


def _note(request: Any) -> None:
    try:
        request.environ[_NOTE] = _name(request.__dict__)
    except Exception:  # noqa: BLE001 - a resource that is odd in some way is still served
        request.environ[_NOTE] = ""


def _name(request: dict[str, Any]) -> str:
    """What served a request, by what Pyramid has noted on it; empty where nothing did."""
    route = request.get("matched_route")
    if route is not None and "*traverse" not in route.pattern:
        return template(route.pattern)
    pattern = "" if route is None else str(route.pattern)
    # Without a view it is any path that somebody tries.
    if _has_view(request):
        return traversed(pattern, type(request["context"]), request["view_name"])
    return template(pattern) if pattern else ""


def _has_view(request: dict[str, Any]) -> bool:
    if request.get("context") is None:
        # Nothing was traversed: the root itself was not to be had.
        return False
    # Late: it is the application that has imported Pyramid.
    from pyramid.interfaces import IView, IViewClassifier  # noqa: PLC0415
    from zope.interface import providedBy  # noqa: PLC0415

    wanted = (IViewClassifier, request["request_iface"], providedBy(request["context"]))
    found = request["registry"].adapters.lookup(wanted, IView, name=request["view_name"])
    return found is not None


PYRAMID: Final = Framework(
    "pyramid",
    MappingProxyType({"pyramid.router:Router": "wsgi"}),
    _matched,
    routes,
    MappingProxyType({"pyramid.router": _noting}),
)
