"""Starlette and FastAPI: which route an ASGI scope was served by, and which routes there are."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Any, Final

from surefoot.web.framework import Carrier, Framework, Route, declared, mounted

__all__ = ["FASTAPI", "STARLETTE"]

_IMPLIED: Final = frozenset({"HEAD", "OPTIONS"})
_KINDS: Final = {"integer": "int", "string": "str"}


def _matched(scope: Carrier, root: str) -> str:
    """The routers write what they matched into the scope, the same dictionary all the way down."""
    prefix = mounted(scope, root) if scope.get("root_path", "") != root else ""
    found = scope.get("route")
    if found is None and "endpoint" in scope and "router" in scope:
        found = _by_endpoint(getattr(scope["router"], "routes", ()), scope)
    path = _included(scope["fastapi"], found) if scope.get("fastapi") else None
    path = path or getattr(found, "path", None)
    if path is None or hasattr(found, "routes"):
        return f"{prefix}/{{path}}" if prefix else ""
    return prefix + str(path)


def _included(fastapi: Any, found: Any) -> str | None:
    """FastAPI's route may come from a router included under a prefix that only FastAPI knows."""
    context = fastapi.get("effective_route_context") if isinstance(fastapi, dict) else None
    if context is None or getattr(context, "original_route", None) is not found:
        return None
    path: str | None = getattr(context, "path_format", None)
    return path


def _by_endpoint(routes: Iterable[Any], scope: Carrier) -> Any:
    """For releases of Starlette that do not note the route."""
    for candidate in routes:
        if getattr(candidate, "endpoint", None) is scope["endpoint"] and _matches(candidate, scope):
            return candidate
        found = _by_endpoint(getattr(candidate, "routes", None) or (), scope)
        if found is not None:
            return found
    return None


def _matches(candidate: Any, scope: Carrier) -> bool:
    """One endpoint may serve several paths; some releases cut the mount's part off the path."""
    pattern = getattr(candidate, "path_regex", None)
    path, root = str(scope.get("path", "")), str(scope.get("root_path", ""))
    rest = path[len(root) :] if root and path.startswith(root) else path
    return pattern is None or bool(pattern.match(path) or pattern.match(rest))


def _routes(application: Any, prefix: str = "") -> Iterator[Route]:
    for route in _flattened(application):
        path = prefix + str(getattr(route, "path", ""))
        endpoint = getattr(route, "endpoint", None)
        if endpoint is None:
            yield from _routes(route, path)
            continue
        parameters = [
            [name, _annotated(endpoint, name) or _converter(converter)]
            for name, converter in (getattr(route, "param_convertors", None) or {}).items()
        ]
        for method in sorted(set(getattr(route, "methods", None) or ()) - _IMPLIED):
            yield declared(method, path, parameters, str(getattr(route, "name", "")))


def _flattened(application: Any) -> Iterator[Any]:
    for route in getattr(application, "routes", None) or ():
        # Newer FastAPI keeps an included router whole and works its routes out on demand.
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is None:
            yield route
            continue
        for context in contexts():
            yield getattr(context, "starlette_route", None) or context


def _annotated(endpoint: Any, name: str) -> str:
    try:
        annotation = inspect.signature(endpoint).parameters[name].annotation
    except (TypeError, ValueError, KeyError):
        return ""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return {"int": "int", "float": "float", "UUID": "uuid"}.get(text, "")


def _converter(converter: Any) -> str:
    name = type(converter).__name__.removesuffix("Convertor").lower()
    return _KINDS.get(name, name)


STARLETTE: Final = Framework(
    "starlette",
    MappingProxyType({"starlette.applications:Starlette": "asgi"}),
    _matched,
    _routes,
)
FASTAPI: Final = Framework(
    "fastapi",
    MappingProxyType({"fastapi:FastAPI": "asgi"}),
    _matched,
    _routes,
)
