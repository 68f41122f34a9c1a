"""Values that an earlier answer supplied: CSRF tokens, log-in tokens, keys of what was made.

A recording holds the token that its own run was given. Replayed as it stands it would be refused,
so the place where it came from is found and becomes a capture.
"""

from __future__ import annotations

import html
import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Final

from surefoot.toolbox.workloads.columns import Column
from surefoot.toolbox.workloads.seen import Answer

__all__ = ["Origin", "find_origin", "set_cookies", "worth_a_look"]

Origin = tuple[int, str, str]
"""The step whose answer held the value, the sort of capture, and what it captures."""

_LONG: Final = 16
_TAG: Final = re.compile(r"<(?:input|meta|button)\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""\b(name|value|content)\s*=\s*(["'])(.*?)\2""", re.IGNORECASE)


def worth_a_look(column: Column, value: str) -> bool:
    """Whether a value may come from an answer: a secret, or longer than people type."""
    return column.secret(value) or (len(value) >= _LONG and column.where != "body")


def find_origin(value: str, answers: Sequence[Answer]) -> Origin | None:
    """The latest of the answers that held the value, and how to take it from there."""
    for step in range(len(answers) - 1, -1, -1):
        answer = answers[step]
        if name := next((n for n, v in set_cookies(answer) if v == value), ""):
            return step, "cookie", name
        kind = answer.header("content-type")
        if "json" in kind and (pointer := _pointer(answer.body, value)):
            return step, "json", pointer
        if "html" in kind and (expression := _expression(answer.body, value)):
            return step, "body", expression
    return None


def set_cookies(answer: Answer) -> Iterator[tuple[str, str]]:
    """Name and value of each cookie that an answer sets."""
    for name, value in answer.headers:
        if name.lower() == "set-cookie":
            for line in value.split("\n"):
                cookie, _, text = line.partition(";")[0].partition("=")
                yield cookie.strip(), text.strip()


def _pointer(text: str, wanted: str) -> str:
    """The JSON pointer (RFC 6901) of a value; empty where it is not."""
    try:
        waiting: deque[tuple[str, Any]] = deque([("", json.loads(text))])
    except (ValueError, RecursionError):
        return ""
    while waiting:
        path, value = waiting.popleft()
        if value == wanted and path:
            return path
        if isinstance(value, dict):
            waiting += [(f"{path}/{_token(key)}", each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}/{index}", each) for index, each in enumerate(value)]
    return ""


def _token(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _expression(text: str, wanted: str) -> str:
    """A regular expression for the tag that holds a value under a name; empty where none does."""
    for tag in _TAG.findall(text):
        expression = _for_tag(tag, wanted)
        match = re.search(expression, text) if expression else None
        if match is not None and html.unescape(match[1]) == wanted:
            return expression
    return ""


def _for_tag(tag: str, wanted: str) -> str:
    """The same for one tag, which may not be the first that it finds."""
    found = [(m[1].lower(), m[2], m[3]) for m in _ATTRIBUTE.finditer(tag)]
    held = next((a for a in found if a[0] != "name" and html.unescape(a[2]) == wanted), None)
    name = next((a for a in found if a[0] == "name"), None)
    if held is None or name is None:
        return ""
    named = f"name={name[1]}{re.escape(name[2])}{name[1]}"
    taken = f"{held[0]}={held[1]}([^{held[1]}]+){held[1]}"
    in_order = found.index(name) < found.index(held)
    return f"{named}[^>]*{taken}" if in_order else f"{taken}[^>]*{named}"
