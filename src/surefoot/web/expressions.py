"""Expressions of routes as templates: ``"^books/(?P<pk>[0-9]+)/$"`` becomes ``/books/<int:pk>/``.

Named groups stay as parameters, with the kind that fits what they match; what only a matcher needs
goes.
"""

from __future__ import annotations

import functools
import re
from typing import Final

__all__ = ["UNNAMED", "kind", "parameters", "template"]

# Neither is anything that a template has literally in a route of any sense.
_EXPRESSION: Final = re.compile(r"\(\?|\\|\^|\$$|\[")
_PARAMETER: Final = re.compile(r"<(?:(?P<kind>[^<>:]+):)?(?P<name>\w+)>")
_NAMED: Final = re.compile(r"\(\?P<(\w+)>")
_QUANTIFIER: Final = re.compile(r"[*+?][+?]?|\{\d*,?\d*\}[+?]?")
_ANCHORS: Final = "AZzbB"
_CLASSES: Final = "dDwWsS"
_NUMBER: Final = re.compile(r"(?:\\d|\[0-9\])(?:\+|\{\d*,?\d*\})?")
_SPANNING: Final = ("/", "a/b", "a/b.c", "1/2")
UNNAMED: Final = "<var>"
"""What stands for a part of a pattern that varies and has no name."""


@functools.lru_cache(maxsize=4096)
def template(route: str) -> str:
    """A whole route as a template that begins with a slash.

    Args:
        route: An expression, or a template already.
    """
    plain = _simplified(route) if _EXPRESSION.search(route) else route
    return "/" + plain.removeprefix("/")


def parameters(template: str) -> list[list[str]]:
    """``[name, kind]`` of each parameter of a template."""
    return [[each["name"], each["kind"] or "str"] for each in _PARAMETER.finditer(template)]


def kind(expression: str) -> str:
    """``"int"``, ``"path"`` or ``"str"``: what an expression lets a parameter be."""
    if _NUMBER.fullmatch(expression):
        return "int"
    try:
        matcher = re.compile(expression)
    except re.error:
        # It refers to another group of the pattern, or to a flag of it.
        return "str"
    return "path" if any(matcher.fullmatch(sample) for sample in _SPANNING) else "str"


def _simplified(expression: str) -> str:
    """A regular expression without what only a matcher needs."""
    said, at = "", 0
    while at < len(expression):
        text, at = _part(expression, at)
        following = _QUANTIFIER.match(expression, at)
        if following is not None:
            text = _repeated(text, expression[at])
            at = following.end()
        said += text
    return said


def _repeated(text: str, quantifier: str) -> str:
    if text == ".":
        return UNNAMED
    # The slash of "/?" need not be there: such routes are called by the shorter one.
    return "" if len(text) == 1 and quantifier in "?*" else text


def _part(expression: str, at: int) -> tuple[str, int]:
    """What the next element of an expression leaves in the template, and where it ends."""
    letter = expression[at]
    if letter in "^$":
        return "", at + 1
    if letter == "\\":
        return _escaped(expression[at + 1 : at + 2]), at + 2
    if letter == "[":
        return UNNAMED, _class_end(expression, at)
    if letter == "(":
        end = _group_end(expression, at)
        return _group(expression[at:end]), end
    parameter = _PARAMETER.match(expression, at)
    if parameter is not None:
        # Of a template that includes an expression.
        return parameter[0], parameter.end()
    return letter, at + 1


def _escaped(letter: str) -> str:
    if letter in _ANCHORS:
        return ""
    return UNNAMED if letter in _CLASSES else letter


def _group(group: str) -> str:
    named = _NAMED.match(group)
    if named is not None:
        return _parameter(named[1], group[named.end() : -1])
    if group.startswith("(?:"):
        inner = group[3:-1]
        return UNNAMED if "|" in inner else _simplified(inner)
    # A look-around or a flag matches nothing itself; the group of a plain bracket has no name.
    return "" if group.startswith("(?") else UNNAMED


def _parameter(name: str, expression: str) -> str:
    found = kind(expression)
    return f"<{name}>" if found == "str" else f"<{found}:{name}>"


def _group_end(expression: str, at: int) -> int:
    depth = 0
    while at < len(expression):
        letter = expression[at]
        if letter == "[":
            at = _class_end(expression, at)
            continue
        if letter == "\\":
            at += 1
        depth += (letter == "(") - (letter == ")")
        at += 1
        if depth == 0:
            break
    return at


def _class_end(expression: str, at: int) -> int:
    """Behind the bracket that closes a class; one that comes first belongs to it."""
    at += 2 if expression.startswith("[^", at) else 1
    at += expression.startswith("]", at)
    while at < len(expression) and expression[at] != "]":
        at += 2 if expression[at] == "\\" else 1
    return at + 1
