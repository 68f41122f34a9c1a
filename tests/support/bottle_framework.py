"""Bottle: all that Surefoot would have to know of it, as an example of a new framework."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from surefoot.web.framework import Carrier, Framework, Route, declared, mounted

__all__ = ["BOTTLE"]

_PARAMETER: Final = re.compile(r"<(?P<name>\w+)(?::(?P<kind>\w+)(?::[^>]*)?)?>")


def _matched(environ: Carrier, root: str) -> str:
    """Bottle leaves its route in the environment."""
    route = environ.get("bottle.route")
    return mounted(environ, root) + str(route.rule) if route is not None else ""


def _routes(application: Any) -> Iterator[Route]:
    for route in application.routes:
        found = [[each["name"], each["kind"] or "str"] for each in _PARAMETER.finditer(route.rule)]
        yield declared(route.method, route.rule, found, route.callback.__name__)


BOTTLE: Final = Framework("bottle", MappingProxyType({"bottle:Bottle": "wsgi"}), _matched, _routes)
