"""What of one route's answers varies by itself, and how two answers are compared beside it."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from surefoot.toolbox.answers import json_shape, text_shape
from surefoot.toolbox.answers.document import is_json, parsed, pointer, shown
from surefoot.toolbox.answers.headers import Headers, content_type
from surefoot.toolbox.answers.json_digest import quick
from surefoot.toolbox.answers.json_shape import JsonShape
from surefoot.toolbox.answers.pattern import Pattern
from surefoot.toolbox.answers.spot import Spot
from surefoot.toolbox.answers.text_shape import TextShape

__all__ = ["Content", "Place", "Shape", "document_of", "grouped", "text_of"]

_TEXTS: Final = frozenset({
    "application/javascript", "application/xml", "application/x-www-form-urlencoded",
    "application/x-ndjson", "application/ecmascript", "image/svg+xml", "",
})  # fmt: skip
_ABSENT: Final = "(absent)"


class Place(NamedTuple):
    """Where in a route's answers something varies."""

    kind: str
    """``"header"``, ``"json"`` or ``"text"``."""
    key: Any
    """The header's name, the path, or the number of the mask."""
    words: str
    """What to call it."""


@dataclass(frozen=True, slots=True)
class Content:
    """An answer as far as it is compared."""

    status: int
    kept: Headers
    """The headers that count."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Shape:
    """What of one route's answers varies by itself."""

    statuses: frozenset[int] = frozenset()
    """Those that the same request gets by turns; empty where it is always the same one."""
    headers: Mapping[str, Pattern] = field(default_factory=dict)
    """Headers whose value varies."""
    optional: frozenset[str] = frozenset()
    """Headers that may be missing."""
    json: JsonShape = field(default_factory=JsonShape)
    text: TextShape = field(default_factory=TextShape)
    whole: bool = False
    """Whether bodies vary so much that they are not compared."""

    def digest(self, content: Content) -> bytes:
        """Equal for all answers that count as the same."""
        hashed = hashlib.blake2b(digest_size=16)
        status = 0 if content.status in self.statuses else content.status
        hashed.update(f"{status}\n{self._headers(content.kept)}\n".encode())
        hashed.update(self._body(content))
        return hashed.digest()

    def differences(self, base: Content, variant: Content) -> Iterator[Spot]:
        """Every place where the two do not count as the same."""
        if base.status != variant.status:
            if variant.status not in self.statuses:
                yield Spot("status", "", str(base.status), str(variant.status))
            return
        yield from self._header_differences(grouped(base.kept), grouped(variant.kept))
        if self._body(base) != self._body(variant):
            yield from self._body_differences(base, variant)

    def values(self, content: Content) -> Iterator[tuple[Place, str]]:
        """What stands where something varies."""
        headers = grouped(content.kept)
        for name in self.headers:
            if name in headers:
                yield Place("header", name, f"header {name}"), headers[name]
        if self.whole:
            return
        document = document_of(content)
        if document is not None:
            for path, text in json_shape.values(document, self.json):
                yield Place("json", path, pointer(path)), shown(text)
        elif (words := text_of(content)) is not None:
            for number, value in text_shape.values(words, self.text):
                left = self.text.masks[number].left.replace(text_shape.MARK, "…")
                yield Place("text", number, f"after {left[-20:]!r}"), value

    def pattern(self, place: Place) -> Pattern:
        """The format of what stands at a place that ``values`` gave."""
        if place.kind == "header":
            return self.headers[place.key]
        if place.kind == "json":
            return self.json.varying[tuple(place.key)]
        return self.text.masks[int(place.key)].pattern

    def _headers(self, kept: Headers) -> str:
        written = []
        for name, value in grouped(kept).items():
            pattern = self.headers.get(name)
            if pattern is None or not pattern.fits(value):
                written.append(f"{name}: {value}")
            elif name not in self.optional:
                written.append(name)
        return "\n".join(written)

    def _header_differences(
        self, base: Mapping[str, str], variant: Mapping[str, str]
    ) -> Iterator[Spot]:
        for name in sorted(base.keys() | variant.keys()):
            one, other = base.get(name, _ABSENT), variant.get(name, _ABSENT)
            pattern = self.headers.get(name)
            if pattern is None:
                if one != other:
                    yield Spot(f"header {name}", "", one, other)
            elif not (name in self.optional if other is _ABSENT else pattern.fits(other)):
                expected = f"{name}: {pattern.words}"
                yield Spot("behaviour", f"header {name}", expected, f"{name}: {other}")

    def _body(self, content: Content) -> bytes:
        if self.whole:
            return b""
        if not self.json.keyed and is_json(content_type(content.kept)):
            with contextlib.suppress(ValueError, RecursionError):
                return quick(content.body, self.json).encode()
        document = document_of(content)
        if document is not None:
            return json_shape.canonical(document, self.json).encode("utf-8", "surrogatepass")
        text = text_of(content)
        if text is None:
            return content.body
        return text_shape.canonical(text, self.text).encode("utf-8", "surrogatepass")

    def _body_differences(self, base: Content, variant: Content) -> Iterator[Spot]:
        one, other = document_of(base), document_of(variant)
        if one is not None and other is not None:
            yield from json_shape.differences(one, other, self.json)
            return
        before, after = text_of(base), text_of(variant)
        if before is not None and after is not None:
            yield from text_shape.differences(before, after, self.text)
        else:
            yield Spot("body", "", _size(base.body), _size(variant.body))


def grouped(kept: Headers) -> dict[str, str]:
    """Headers by name; those that come several times on one line each."""
    out: dict[str, str] = {}
    for name, value in kept:
        out[name] = f"{out[name]}\n{value}" if name in out else value
    return out


@functools.lru_cache(maxsize=8)
def document_of(content: Content) -> Any:
    """The JSON document, or ``None`` where the body is none (and for ``null``)."""
    if not is_json(content_type(content.kept)):
        return None
    try:
        return parsed(content.body)
    except ValueError:
        return None


def text_of(content: Content) -> str | None:
    """The text, or ``None`` where the body is none."""
    kind = content_type(content.kept)
    if not (kind.startswith("text/") or kind in _TEXTS or is_json(kind) or kind.endswith("+xml")):
        return None
    try:
        return content.body.decode()
    except UnicodeDecodeError:
        return None


def _size(body: bytes) -> str:
    digest = hashlib.blake2b(body, digest_size=6).hexdigest()
    return f"{len(body)} bytes, hash {digest}"
