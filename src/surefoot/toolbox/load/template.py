"""Text with places to fill in: ``{1..100}``, ``{name}``, ``{table.column}`` and ``{env.NAME}``."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

__all__ = ["Missing", "Place", "Template", "compile_text", "literal", "names_in"]

_PLACE: Final = re.compile(
    r"\{\{(?P<literal>[A-Za-z_][\w.]*|-?\d+\.\.-?\d+)\}\}"
    r"|\{(?P<low>-?\d+)\.\.(?P<high>-?\d+)\}"
    r"|\{(?P<name>[A-Za-z_]\w*(?:\.\w+)?)\}"
)
_LOOKS_LIKE_A_PLACE: Final = re.compile(r"\{(?:[A-Za-z_][\w.]*|-?\d+\.\.-?\d+)\}")


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _in_header(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")


_QUOTES: Final[Mapping[str, Callable[[str], str]]] = {
    "path": quote,
    "query": quote_plus,
    "json": _in_json,
    "header": _in_header,
}


class Missing(Exception):  # noqa: N818  # a condition of the run, caught inside the generator
    """A request needs a value that no answer has supplied yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """A name to look up or, where ``name`` is empty, a range to draw from."""

    name: str = ""
    low: int = 0
    high: int = 0
    quote: str = ""
    """How the value is written: ``path``, ``query``, ``json``, ``header``, or as it is."""

    def fill(self, values: Mapping[str, str], draw: random.Random) -> str:
        """The text that stands here this time.

        Raises:
            Missing: No such value is known yet.
        """
        if not self.name:
            return str(self.low + int(draw.random() * (self.high - self.low + 1)))
        try:
            value = values[self.name]
        except KeyError:
            raise Missing(self.name) from None
        return _QUOTES[self.quote](value) if self.quote else value


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text and places, in order."""

    parts: tuple[str | Place, ...] = ()

    def __add__(self, other: Template | str) -> Template:
        more = (other,) if isinstance(other, str) else other.parts
        return Template(_joined((*self.parts, *more)))

    @property
    def fixed(self) -> bool:
        """Whether it is the same text every time."""
        return all(isinstance(part, str) for part in self.parts)

    @property
    def names(self) -> frozenset[str]:
        """The names whose values it needs."""
        return frozenset(p.name for p in self.parts if isinstance(p, Place) and p.name)

    def render(self, values: Mapping[str, str], draw: random.Random) -> str:
        """The text with every place filled in.

        Raises:
            Missing: A value is not known yet.
        """
        return "".join(
            part if isinstance(part, str) else part.fill(values, draw) for part in self.parts
        )


def compile_text(text: str, constants: Mapping[str, str], quoting: str = "") -> Template:
    """Cut ``text`` at its places; those whose value is constant are filled in at once.

    ``{{name}}`` stands for a literal ``{name}``; every other brace is itself.

    Args:
        text: What a person wrote.
        constants: Values that never change, by name.
        quoting: How values are written; ``"url"`` chooses by where in an address they stand.

    Raises:
        ValueError: A range ends before it starts.
    """
    parts: list[str | Place] = []
    end = 0
    for match in _PLACE.finditer(text):
        parts.append(text[end : match.start()])
        parts.append(_part(match, constants, _quoting(quoting, text, match.start())))
        end = match.end()
    parts.append(text[end:])
    return Template(_joined(parts))


def literal(text: str) -> str:
    """How ``text`` is written where places may stand, so that it is itself."""
    return _LOOKS_LIKE_A_PLACE.sub(r"{\g<0>}", text)


def names_in(text: str) -> tuple[str, ...]:
    """The names that ``text`` asks for, in order."""
    return tuple(match["name"] for match in _PLACE.finditer(text) if match["name"])


def _quoting(quoting: str, text: str, start: int) -> str:
    if quoting != "url":
        return quoting
    if start == 0:
        return "header"  # a whole address that the application itself gave
    return "query" if "?" in text[:start] else "path"


def _part(match: re.Match[str], constants: Mapping[str, str], quoting: str) -> str | Place:
    if match["literal"]:
        return "{" + match["literal"] + "}"
    if match["name"]:
        constant = constants.get(match["name"])
        if constant is None:
            return Place(match["name"], quote=quoting)
        return _QUOTES[quoting](constant) if quoting else constant
    low, high = int(match["low"]), int(match["high"])
    if high < low:
        raise ValueError(f"the range {match[0]} ends before it starts")
    return Place(low=low, high=high)


def _joined(parts: tuple[str | Place, ...] | list[str | Place]) -> tuple[str | Place, ...]:
    out: list[str | Place] = []
    for part in parts:
        last = out[-1] if out else None
        if isinstance(part, str) and isinstance(last, str):
            out[-1] = last + part
        elif part != "":
            out.append(part)
    return tuple(out)
