"""The routes of a Flask, Starlette or FastAPI application, as plain values."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

__all__ = ["routes"]

Route = dict[str, Any]

_IMPLIED: Final = frozenset({"HEAD", "OPTIONS"})
_FLASK_PARAMETER: Final = re.compile(r"<(?:(?P<kind>[a-zA-Z_]\w*)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_KINDS: Final = {"integer": "int", "string": "str", "default": "str", "unicode": "str"}


def routes(framework: str, application: Any) -> list[Route]:
    """One mapping per route and method: ``method``, ``template``, ``parameters``, ``endpoint``.

    ``parameters`` is a list of ``[name, kind]``, the kind being ``"int"``, ``"str"``, ``"float"``,
    ``"uuid"``, ``"path"`` or what the application calls its own converter.
    """
    read: dict[str, Callable[[Any], Iterator[Route]]] = {
        "flask": _flask,
        "starlette": _starlette,
        "fastapi": _starlette,
    }
    return list(read[framework](application)) if framework in read else []


def _flask(application: Any) -> Iterator[Route]:
    for rule in application.url_map.iter_rules():
        parameters = [
            [match["name"], _KINDS.get(match["kind"] or "", match["kind"] or "str")]
            for match in _FLASK_PARAMETER.finditer(rule.rule)
        ]
        for method in sorted(set(rule.methods or ()) - _IMPLIED):
            yield _route(method, rule.rule, parameters, rule.endpoint)


def _starlette(application: Any, prefix: str = "") -> Iterator[Route]:
    for route in _flattened(application):
        path = prefix + str(getattr(route, "path", ""))
        endpoint = getattr(route, "endpoint", None)
        if endpoint is None:
            yield from _starlette(route, path)
            continue
        parameters = [
            [name, _annotated(endpoint, name) or _converter(converter)]
            for name, converter in (getattr(route, "param_convertors", None) or {}).items()
        ]
        for method in sorted(set(getattr(route, "methods", None) or ()) - _IMPLIED):
            yield _route(method, path, parameters, str(getattr(route, "name", "")))


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


def _route(method: str, template: str, parameters: list[list[str]], endpoint: str) -> Route:
    return {
        "method": method,
        "template": template,
        "parameters": parameters,
        "endpoint": endpoint,
    }
