"""The routes and the traversed views of a Pyramid application, from what it was configured with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from surefoot.web.framework import Route, declared
from surefoot.web.pyramid.patterns import parameters, template, traversed

__all__ = ["routes"]

_IMPLIED: Final = frozenset({"HEAD", "OPTIONS"})
_ALL: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")

View = Any
"""What Pyramid notes of a view that was configured, a mapping."""


def routes(router: Any) -> Iterator[Route]:
    """Every route, then the views of classes that traversal may find.

    A view without ``request_method`` is taken to answer GET. An application that was configured
    with ``introspection=False`` tells of no views: its routes are taken to answer GET.
    """
    views = _noted(router.registry, "views")
    limits = {each["name"]: each["request_methods"] for each in _noted(router.registry, "routes")}
    for route in _patterns(router.registry):
        own = [view for view in views if view["route_name"] == route.name]
        allowed = limits.get(route.name)
        found = template(route.pattern)
        for method in _methods(own, allowed):
            yield declared(method, found, parameters(found), route.name)
    yield from _traversed(views)


def _patterns(registry: Any) -> Iterable[Any]:
    # Late: it is the application that has imported Pyramid.
    from pyramid.interfaces import IRoutesMapper  # noqa: PLC0415

    mapper = registry.queryUtility(IRoutesMapper)
    return mapper.get_routes() if mapper is not None else ()


def _noted(registry: Any, category: str) -> list[Any]:
    return [each["introspectable"] for each in registry.introspector.get_category(category, ())]


def _traversed(views: Iterable[View]) -> Iterator[Route]:
    """Views of any context, or of an interface, are seen where they are used and not before."""
    told = set()
    for view in views:
        context = view["context"]
        if view["route_name"] or not isinstance(context, type):
            continue
        if issubclass(context, BaseException):
            continue
        found = traversed("", context, view["name"])
        for method in _methods([view], None):
            if (method, found) not in told:
                told.add((method, found))
                yield declared(method, found, parameters(found), view["name"])


def _methods(views: Iterable[View], allowed: Iterable[str] | None) -> list[str]:
    """Those of the views that the route lets through."""
    let_through = set(allowed or ())
    wanted = {method for view in views for method in _asked_for(view, let_through)}
    if not wanted:
        wanted = let_through or {"GET"}
    return sorted((wanted & let_through if let_through else wanted) - _IMPLIED)


def _asked_for(view: View, let_through: set[str]) -> Iterable[str]:
    methods = view["request_methods"]
    if methods is None:
        return let_through or ("GET",)
    if isinstance(methods, str):
        return (methods,)
    # Pyramid's not_("POST") holds what it excludes.
    excluded = getattr(methods, "value", None)
    if excluded is None:
        return tuple(map(str, methods))
    return [method for method in _ALL if method not in excluded]
