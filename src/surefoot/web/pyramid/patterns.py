"""Patterns of Pyramid's routes as templates, and names for what is found by traversal.

A pattern stays as it is written, ``/books/{id}`` or ``/files/*path``, with a slash in front. What
traversal finds has no pattern: it is named by the class of its context and the name of the view,
``/*Folder/edit``, the star being the way that leads there.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from surefoot.core.route_parts import PARAMETER
from surefoot.web.expressions import kind

__all__ = ["parameters", "template", "traversed"]

_OLD: Final = re.compile(r":([_a-zA-Z]\w*)")
_TRAVERSE: Final = re.compile(r"\*traverse$")


@functools.lru_cache(maxsize=4096)
def template(pattern: str) -> str:
    """A route's pattern with a slash in front; ``/:id``, of former releases, becomes ``/{id}``."""
    if "{" not in pattern:
        pattern = _OLD.sub(r"{\1}", pattern)
    return pattern if pattern.startswith("/") else f"/{pattern}"


def traversed(pattern: str, context: type, view: str) -> str:
    """The name of what traversal found.

    Args:
        pattern: Of the route that hands on to traversal; empty where there is none.
        context: The class of what was found.
        view: The view's name; empty for the default one.
    """
    way = f"*{context.__name__}/{view}" if view else f"*{context.__name__}"
    return _TRAVERSE.sub(lambda _: way, template(pattern)) if pattern else f"/{way}"


def parameters(template: str) -> list[list[str]]:
    """``[name, kind]`` of each parameter of a template."""
    return [_parameter(found) for found in PARAMETER.finditer(template)]


def _parameter(found: re.Match[str]) -> list[str]:
    way = found["way"] or found["rest"]
    return [way, "path"] if way else [found["right"], kind(found["braces"] or "")]
