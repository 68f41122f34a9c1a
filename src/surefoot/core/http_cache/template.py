"""A route's template, matched against paths before the framework routes them.

The matcher says which paths are worth looking up. It may take a path that the framework then serves
by another route, as ``/books/new`` beside ``/books/<id>``: an answer is kept only if the framework
says that it was made by this very route, so nothing is ever found there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from surefoot.core.route_parts import PARAMETER, own_expression
from surefoot.errors import ConfigError

__all__ = ["Template"]

# A converter that the application brings itself may take anything.
_ONE_PART: Final = frozenset({"", "string", "str", "default", "int", "float", "uuid", "slug"})
_WORDS: Final = re.compile(r"(?P<method>[A-Z]+) (?P<path>/.*)")


@dataclass(frozen=True, slots=True)
class Template:
    """One route.

    Args:
        path: As the framework writes it.
        pattern: Of the whole paths that it may serve.
        names: Of its parameters, in their order.
    """

    path: str
    pattern: re.Pattern[str]
    names: tuple[str, ...] = ()

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
        names: list[str] = []
        for found in PARAMETER.finditer(path):
            pattern += re.escape(path[at : found.start()])
            if found["way"]:
                # It leads from the root, which needs no way.
                pattern = pattern.removesuffix("/")
            pattern += f"(?P<_{len(names)}>{_parameter(found)})"
            names.append(str(found["left"] or found["right"] or found["way"] or found["rest"]))
            at = found.end()
        whole = re.compile(pattern + re.escape(path[at:]), re.DOTALL)
        return cls(path, whole, tuple(names))

    def matches(self, path: str) -> bool:
        """Whether a path, its escapes decoded, may be served by this route."""
        return self.pattern.fullmatch(path) is not None

    def values(self, path: str) -> dict[str, str] | None:
        """What a path that may be served by this route has for its parameters; else ``None``."""
        match = self.pattern.fullmatch(path)
        if match is None:
            return None
        return {name: match[f"_{place}"] or "" for place, name in enumerate(self.names)}


def _parameter(found: re.Match[str]) -> str:
    """What one parameter may be."""
    if found["way"]:
        return "(?:/.*)?"
    kind = found["angle"] or found["braces"] or ""
    if kind in _ONE_PART and not found["rest"]:
        return "[^/]+"
    return own_expression(found) or ".*"
