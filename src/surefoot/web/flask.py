"""Flask and Werkzeug: which route a WSGI environment was served by, and which routes there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from surefoot.web.framework import Carrier, Framework, Route, declared, mounted

__all__ = ["FLASK"]

_IMPLIED: Final = frozenset({"HEAD", "OPTIONS"})
_PARAMETER: Final = re.compile(r"<(?:(?P<kind>[a-zA-Z_]\w*)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_KINDS: Final = {"string": "str", "default": "str", "unicode": "str"}


def _matched(environ: Carrier, root: str) -> str:
    """Werkzeug leaves the request it made in the environment, and Flask notes the rule on it.

    Flask takes the request out again when its context ends, so this is asked when the answer
    starts.
    """
    request = environ.get("werkzeug.request")
    rule = getattr(request, "url_rule", None)
    return mounted(environ, root) + str(rule.rule) if rule is not None else ""


def _routes(application: Any) -> Iterator[Route]:
    for rule in application.url_map.iter_rules():
        parameters = [
            [match["name"], _KINDS.get(match["kind"] or "", match["kind"] or "str")]
            for match in _PARAMETER.finditer(rule.rule)
        ]
        for method in sorted(set(rule.methods or ()) - _IMPLIED):
            yield declared(method, rule.rule, parameters, rule.endpoint)


FLASK: Final = Framework("flask", MappingProxyType({"flask:Flask": "wsgi"}), _matched, _routes)
