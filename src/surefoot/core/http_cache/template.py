"""A route's template, matched against paths before the framework routes them.

The matcher says which paths are worth looking up. It may take a path that the framework then serves
by another route, as ``/books/new`` beside ``/books/<id>``: an answer is kept only if the framework
says that it was made by this very route, so nothing is ever found there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from surefoot.errors import ConfigError

__all__ = ["Template"]

# <converter(arguments):name> of Flask and Django, and {name:converter} of Starlette.
_PARAMETER: Final = re.compile(
    r"<(?:(?P<flask>[a-zA-Z_]\w*)(?:\([^)]*\))?:)?[a-zA-Z_]\w*>"
    r"|\{[a-zA-Z_]\w*(?::(?P<starlette>[a-zA-Z_]\w*))?\}"
)
# A converter that the application brings itself may take anything.
_ONE_PART: Final = frozenset({"", "string", "str", "default", "int", "float", "uuid", "slug"})
_WORDS: Final = re.compile(r"(?P<method>[A-Z]+) (?P<path>/.*)")


@dataclass(frozen=True, slots=True)
class Template:
    """One route.

    Args:
        path: As the framework writes it.
        pattern: Of the whole paths that it may serve.
    """

    path: str
    pattern: re.Pattern[str]

    @classmethod
    def read(cls, text: str) -> Template:
        """From ``"GET /books/<int:book_id>"`` or ``"GET /books/{book_id}"``.

        Raises:
            ConfigError: It is no such thing, or its method is not GET.
        """
        match = _WORDS.fullmatch(text)
        if match is None or match["method"] != "GET":
            raise ConfigError(
                f"{text!r} names no route whose answers can be kept",
                do='write "GET /path", with parameters as the framework writes them',
            )
        path = match["path"]
        pattern, at = "", 0
        for found in _PARAMETER.finditer(path):
            pattern += re.escape(path[at : found.start()])
            kind = found["flask"] or found["starlette"] or ""
            pattern += "[^/]+" if kind in _ONE_PART else ".*"
            at = found.end()
        return cls(path, re.compile(pattern + re.escape(path[at:]), re.DOTALL))

    def matches(self, path: str) -> bool:
        """Whether a path, its escapes decoded, may be served by this route."""
        return self.pattern.fullmatch(path) is not None
