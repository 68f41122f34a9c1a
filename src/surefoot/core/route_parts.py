"""The parameters that stand in a route's template, whichever framework wrote it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["PARAMETER", "own_expression", "texts"]

# <converter(arguments):name> of Flask and Django, {name:converter} of Starlette; of Pyramid
# {name:expression}, whose expression may hold braces of its own, *rest, and *Class for the way to a
# resource.
PARAMETER: Final = re.compile(
    r"<(?:(?P<angle>[^<>():]+)(?:\([^)]*\))?:)?(?P<left>[^<>:]+)>"
    r"|\{(?P<right>[^{}:]+)(?::(?P<braces>[^{}]*(?:\{[^{}]*\}[^{}]*)*))?\}"
    r"|\*(?P<way>\w+)(?=/)|\*(?P<rest>\w+)$"
)
_NAME: Final = re.compile(r"[a-zA-Z_]\w*")
# Such expressions speak of other parts of the pattern that they stand in.
_ELSEWHERE: Final = re.compile(r"\\\d|\(\?P")


def texts(template: str) -> list[str]:
    """What stands around the parameters: one more than there are of them."""
    found, at = [], 0
    for parameter in PARAMETER.finditer(template):
        found.append(template[at : parameter.start()])
        at = parameter.end()
    return [*found, template[at:]]


def own_expression(parameter: re.Match[str]) -> str:
    """The regular expression that a parameter holds itself; empty for a converter's name.

    Also for one that means something else where it does not stand in its own pattern.
    """
    found = parameter["braces"] or ""
    if _NAME.fullmatch(found) or _ELSEWHERE.search(found):
        return ""
    try:
        re.compile(f"/({found})")
    except re.error:
        return ""
    return found
