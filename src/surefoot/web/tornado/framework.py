"""Tornado: which rule of an application served a request, and which routes there are."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Any, Final

from surefoot.web.expressions import parameters, template
from surefoot.web.framework import Carrier, Framework, Route, declared

__all__ = ["REQUEST", "RULE", "TORNADO", "applications"]

REQUEST: Final = "tornado.request"
"""Where a carrier has Tornado's request: there is no environment and no scope."""
RULE: Final = "surefoot_rule"
"""Attribute of the request that holds the expression of the rule it matched last."""
_LITERAL: Final = re.compile(r"\(((?:[\w-]|\\\.)+)\)(?![*+?{])")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _matched(carrier: Carrier, _: str) -> str:
    expression = getattr(carrier.get(REQUEST), RULE, None)
    return _template(expression) if expression is not None else ""


@functools.lru_cache(maxsize=4096)
def _template(expression: str) -> str:
    return template(_named(expression))


def _named(expression: str) -> str:
    """With names for groups that have none: a handler gets those by their order."""
    said, count, at, inside = "", 0, 0, False
    while at < len(expression):
        literal = None if inside else _LITERAL.match(expression, at)
        if literal is not None:
            # As in r"/(favicon\.ico)", which Tornado adds itself: nothing in it varies.
            said += literal[1]
            at = literal.end()
            continue
        letter = expression[at]
        step = 2 if letter == "\\" else 1
        said += expression[at : at + step]
        at += step
        inside = letter == "[" or (inside and letter != "]")
        if letter == "(" and not inside and expression[at : at + 1] != "?":
            count += 1
            said += f"?P<arg{count}>"
    return said


def _routes(application: Any) -> Iterator[Route]:
    from tornado.web import RequestHandler  # noqa: PLC0415 - the application has imported Tornado
    from tornado.websocket import WebSocketHandler  # noqa: PLC0415 - as above

    missing = RequestHandler._unimplemented_method  # noqa: SLF001 - nothing else tells them apart
    for expression, target in _rules(application):
        found = _template(expression)
        if not isinstance(target, type) or issubclass(target, WebSocketHandler):
            continue
        for method in _METHODS:
            if getattr(target, method.lower(), missing) is not missing:
                yield declared(method, found, parameters(found), target.__name__)


def applications(router: Any) -> Iterator[Any]:
    """An application, and those that its rules lead to."""
    if hasattr(router, "default_router"):
        yield router
    for rule in _own_rules(router):
        if _leads_on(rule.target):
            yield from applications(rule.target)


def _leads_on(target: Any) -> bool:
    return hasattr(target, "rules") or hasattr(target, "default_router")


def _rules(router: Any) -> Iterator[tuple[str, Any]]:
    for rule in _own_rules(router):
        if _leads_on(rule.target):
            yield from _rules(rule.target)
            continue
        expression = getattr(getattr(rule.matcher, "regex", None), "pattern", None)
        if expression is not None:
            yield str(expression), rule.target


def _own_rules(router: Any) -> Iterable[Any]:
    """An application has a router for every host, and one for its own."""
    default = getattr(router, "default_router", None)
    rules: Iterable[Any] = (router if default is None else default).rules
    return rules


def _debugs(application: Any) -> bool:
    return bool(application.settings.get("debug"))


TORNADO: Final = Framework(
    "tornado",
    MappingProxyType({"tornado.web:Application": "tornado"}),
    _matched,
    _routes,
    debugs=_debugs,
)
