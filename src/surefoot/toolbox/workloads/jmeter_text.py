"""JMeter's ``${...}`` in a workload's words.

https://jmeter.apache.org/usermanual/functions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from surefoot.toolbox.load.template import literal

__all__ = ["Scope", "Unknown"]

_REFERENCE: Final = re.compile(r"\$\{([^{}$]*)\}")
_DEEPEST: Final = 10


class Unknown(Exception):  # noqa: N818 - a finding, which is listed
    """A text holds a function or a variable that has no word in a workload."""


@dataclass(slots=True)
class Scope:
    """What names stand for in a plan."""

    variables: dict[str, str] = field(default_factory=dict)
    """User defined variables, which may refer to others."""
    places: dict[str, str] = field(default_factory=dict)
    """Columns of CSV files and what is captured, by name, with the place to write."""
    captured: set[str] = field(default_factory=set)
    """Those of them that an answer supplies."""

    def written(self, text: str, encode: Callable[[str], str] = str) -> str:
        """A text of the plan as a workload writes it.

        Args:
            text: With references.
            encode: Applied to what stands between them.

        Raises:
            Unknown: It holds something that has no word there.
        """
        pieces, at = [], 0
        text = self.resolved(text)
        for match in _REFERENCE.finditer(text):
            pieces += [literal(encode(text[at : match.start()])), self._place(match[1].strip())]
            at = match.end()
        return "".join((*pieces, literal(encode(text[at:]))))

    def resolved(self, text: str) -> str:
        """The text with its variables in place, those in their values too."""
        for _ in range(_DEEPEST):
            found = _REFERENCE.sub(self._value, text)
            if found == text or len(found) > 1_000_000:
                break
            text = found
        return text

    def _value(self, match: re.Match[str]) -> str:
        name = match[1].strip()
        if name in self.places:
            return match[0]
        return self.variables.get(name, _plain(name, match[0]))

    def _place(self, name: str) -> str:
        if name in self.places:
            return self.places[name]
        return _function(name)


def _plain(call: str, otherwise: str) -> str:
    """A property's default: what stands in the plan is what it is run with."""
    match = re.fullmatch(r"__(?:P|property)\((.*)\)", call)
    words = _words(match[1]) if match else []
    if not words:
        return otherwise
    if call.startswith("__P("):
        return words[1] if len(words) > 1 else "1"
    return words[2] if len(words) > 2 else otherwise


def _function(call: str) -> str:
    match = re.fullmatch(r"(__\w+)(?:\((.*)\))?", call)
    if match is None:
        raise Unknown(f"${{{call}}}")
    name, words = match[1], _words(match[2] or "")
    place = ""
    if name == "__Random":
        place = _range(words)
    elif name == "__env" and words[0].isidentifier():
        place = f"{{env.{words[0]}}}"
    elif name in {"__counter", "__threadNum"}:
        place = "{1..1000000}"
    if not place:
        raise Unknown(f"${{{name}}}")
    return place


def _range(words: list[str]) -> str:
    numbers = [int(word) for word in words[:2] if re.fullmatch(r"-?\d{1,15}", word)]
    fits = len(numbers) == 2 and numbers[0] <= numbers[1]
    return f"{{{numbers[0]}..{numbers[1]}}}" if fits else ""


def _words(text: str) -> list[str]:
    return [word.replace("\\,", ",").strip() for word in re.split(r"(?<!\\),", text)]
