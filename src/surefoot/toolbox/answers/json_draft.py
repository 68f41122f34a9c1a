"""Finds what of a route's JSON varies, from pairs of documents that should be equal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from surefoot.toolbox.answers.document import ANY, Path, leaves, literal, stepped
from surefoot.toolbox.answers.json_shape import JsonShape, canonical, values
from surefoot.toolbox.answers.pattern import Pattern, describe

__all__ = ["JsonDraft"]

_FREE: Final = Pattern("anything", r"[\s\S]*")


class JsonDraft:
    """What is known so far; each pair widens it by as little as makes the two the same.

    Args:
        shape: What was known before.
    """

    def __init__(self, shape: JsonShape | None = None) -> None:
        shape = shape or JsonShape()
        self._varying: dict[Path, Pattern] = dict.fromkeys(shape.varying, _FREE)
        self._optional = set(shape.optional)
        self._unordered = set(shape.unordered)
        self._keyed = dict(shape.keyed)
        self._shape = self._drawn()

    def see(self, one: Any, other: Any) -> bool:
        """Two equal stacks answered these to the same request; whether that is news."""
        if canonical(one, self._shape) == canonical(other, self._shape):
            return False
        self._walk(one, other, ())
        return True

    def give_up(self) -> None:
        """Everything varies, in ways that are not understood."""
        self._varies(())

    def shape(self, documents: Iterable[Any]) -> JsonShape:
        """The whole, with the formats of what stands in ``documents`` where it varies."""
        found: dict[Path, set[str]] = defaultdict(set)
        for document in documents:
            for path, text in values(document, self._shape):
                found[path].add(text)
        return self._drawn({path: _described(found[path]) for path in self._varying})

    def _drawn(self, patterns: Mapping[Path, Pattern] | None = None) -> JsonShape:
        return JsonShape(
            varying=dict(patterns or self._varying),
            optional=frozenset(self._optional),
            unordered=frozenset(self._unordered),
            keyed=dict(self._keyed),
        )

    def _varies(self, path: Path) -> None:
        self._varying[path] = _FREE
        self._shape = self._drawn()

    def _walk(self, a: Any, b: Any, path: Path) -> None:
        if path in self._varying:
            return
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            self._objects(a, b, path)
        elif isinstance(a, list) and isinstance(b, list):
            self._lists(a, b, path)
        elif literal(a) != literal(b):
            self._varies(path)

    def _objects(self, a: Mapping[str, Any], b: Mapping[str, Any], path: Path) -> None:
        common = a.keys() & b.keys()
        if path in self._keyed or (a.keys() - common and b.keys() - common):
            self._loose(a, b, path)
            return
        for key in sorted(a.keys() | b.keys()):
            if key in common:
                self._walk(a[key], b[key], (*path, key))
            elif (*path, key) not in self._optional:
                self._optional.add((*path, key))
                self._varies((*path, key))

    def _loose(self, a: Mapping[str, Any], b: Mapping[str, Any], path: Path) -> None:
        stable = frozenset(a.keys() & b.keys() & self._keyed.get(path, a.keys()))
        self._keyed[path] = stable
        self._shape = self._drawn()
        for key in sorted(stable):
            self._walk(a[key], b[key], (*path, key))
        one, other = ([each[key] for key in sorted(each) if key not in stable] for each in (a, b))
        if len(one) != len(other):
            self._varies(path)
            return
        inner = (*path, ANY)
        for x, y in zip(self._sorted(one, inner), self._sorted(other, inner), strict=True):
            self._walk(x, y, inner)

    def _sorted(self, items: Iterable[Any], path: Path) -> list[Any]:
        return sorted(items, key=lambda item: canonical(item, self._shape, path))

    def _lists(self, a: list[Any], b: list[Any], path: Path) -> None:
        one, other = (
            [canonical(item, self._shape, (*path, step)) for step, item in stepped(each)]
            for each in (a, b)
        )
        if one == other:
            return
        if path in self._unordered or sorted(one) == sorted(other):
            self._unordered.add(path)
            self._shape = self._drawn()
        if sorted(one) == sorted(other):
            return
        if len(a) != len(b):
            self._varies(path)
        elif not self._shuffled(a, b, path):
            for (step, x), y in zip(stepped(a), b, strict=True):
                self._walk(x, y, (*path, step))

    def _shuffled(self, a: list[Any], b: list[Any], path: Path) -> bool:
        """Whether another order, and fewer varying places, explain the two better."""
        one, other = (
            [list(leaves(item, (*path, step))) for step, item in stepped(each)] for each in (a, b)
        )
        left, right = (Counter(leaf for item in each for leaf in item) for each in (one, other))
        anywhere = {place for place, _ in (left - right) + (right - left)}
        in_order = {place for x, y in zip(one, other, strict=True) for place, _ in set(x) ^ set(y)}
        if anywhere == in_order:
            return False
        trial = JsonDraft(self._shape)
        trial._unordered.add(path)
        trial._varying.update(dict.fromkeys(anywhere, _FREE))
        shape = trial._drawn()
        if canonical(a, shape, path) != canonical(b, shape, path):
            return False
        self._unordered.add(path)
        self._varying.update(dict.fromkeys(anywhere, _FREE))
        self._shape = self._drawn()
        return True


def _described(found: set[str]) -> Pattern:
    """The format of literals, of each type by itself."""
    groups: dict[str, set[str]] = defaultdict(set)
    for text in found:
        groups[_type(text)].add(text)
    patterns = [_of_type(kind, texts) for kind, texts in sorted(groups.items())]
    if len(patterns) == 1:
        return patterns[0]
    if not patterns:
        return _FREE
    return Pattern(
        " or ".join(pattern.words for pattern in patterns),
        "|".join(f"(?:{pattern.expression})" for pattern in patterns),
    )


def _type(text: str) -> str:
    return {'"': "text", "{": "object", "[": "list"}.get(
        text[0], text if text[0] in "ntf" else "number"
    )


def _of_type(kind: str, texts: set[str]) -> Pattern:
    if kind == "text":
        inside = describe({text[1:-1] for text in texts})
        return Pattern(inside.words, f'"(?:{inside.expression})"', random=inside.random)
    if kind == "number":
        return describe(texts)
    if kind in {"object", "list"}:
        opening, closing = ("{", "}") if kind == "object" else ("[", "]")
        return Pattern(f"a {kind}", rf"\{opening}[\s\S]*\{closing}")
    return Pattern(kind, kind)
