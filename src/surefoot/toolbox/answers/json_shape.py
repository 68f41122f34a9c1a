"""What of a route's JSON varies by itself: values, keys, the order of lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from surefoot.toolbox.answers.document import ANY, Path, literal, pointer, stepped
from surefoot.toolbox.answers.pattern import Pattern
from surefoot.toolbox.answers.spot import Spot

__all__ = ["JsonShape", "canonical", "differences", "values"]

VARIES: Final = "…"


@dataclass(frozen=True, slots=True)
class JsonShape:
    """Places of a document that differ between two equal stacks; everything else does not."""

    varying: Mapping[Path, Pattern] = field(default_factory=dict)
    """The format of what stands there, as a literal."""
    optional: frozenset[Path] = frozenset()
    """Those of them that may be missing."""
    unordered: frozenset[Path] = frozenset()
    """Lists whose order varies."""
    keyed: Mapping[Path, frozenset[str]] = field(default_factory=dict)
    """Objects whose keys vary, with the keys that do not."""


def canonical(value: Any, shape: JsonShape, path: Path = ()) -> str:
    """One text for all documents that count as the same."""
    pattern = shape.varying.get(path)
    if pattern is not None:
        text = literal(value)
        return VARIES if pattern.fits(text) else text
    if isinstance(value, Mapping):
        return _object(value, shape, path)
    if isinstance(value, list):
        items = [canonical(item, shape, (*path, step)) for step, item in stepped(value)]
        return f"[{','.join(sorted(items) if path in shape.unordered else items)}]"
    return literal(value)


def _object(value: Mapping[str, Any], shape: JsonShape, path: Path) -> str:
    stable = shape.keyed.get(path)
    parts, others = [], []
    for key in sorted(value):
        if stable is not None and key not in stable:
            others.append(canonical(value[key], shape, (*path, ANY)))
            continue
        text = canonical(value[key], shape, (*path, key))
        if text != VARIES or (*path, key) not in shape.optional:
            parts.append(f"{literal(key)}:{text}")
    parts.extend(f"{VARIES}:{text}" for text in sorted(others))
    return f"{{{','.join(parts)}}}"


def values(value: Any, shape: JsonShape, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """What stands at each place that varies."""
    if path in shape.varying:
        yield path, literal(value)
    elif isinstance(value, Mapping):
        stable = shape.keyed.get(path)
        for key in sorted(value):
            loose = stable is not None and key not in stable
            yield from values(value[key], shape, (*path, ANY if loose else key))
    elif isinstance(value, list):
        for step, item in stepped(value):
            yield from values(item, shape, (*path, step))


def differences(base: Any, variant: Any, shape: JsonShape) -> Iterator[Spot]:
    """Every place where two documents do not count as the same."""
    yield from _walk(base, variant, shape, (), ())


def _walk(a: Any, b: Any, shape: JsonShape, path: Path, where: Path) -> Iterator[Spot]:
    if canonical(a, shape, path) == canonical(b, shape, path):
        return
    if path in shape.varying:
        pattern = shape.varying[path]
        if not pattern.fits(literal(b)):
            yield Spot("behaviour", pointer(where), pattern.words, literal(b), path)
    elif isinstance(a, Mapping) and isinstance(b, Mapping) and path not in shape.keyed:
        yield from _walk_objects(a, b, shape, path, where)
    elif isinstance(a, list) and isinstance(b, list) and path not in shape.unordered:
        yield from _walk_lists(a, b, shape, path, where)
    elif isinstance(a, list) and isinstance(b, list):
        one, other = (
            Counter(canonical(item, shape, (*path, step)) for step, item in stepped(each))
            for each in (a, b)
        )
        gone, new = list((one - other).elements()), list((other - one).elements())
        place = pointer((*where, ANY))
        yield Spot("body", place, (gone or [""])[0], (new or [""])[0], (*path, ANY))
    else:
        yield Spot("body", pointer(where), literal(a), literal(b), path)


def _walk_objects(
    a: Mapping[str, Any], b: Mapping[str, Any], shape: JsonShape, path: Path, where: Path
) -> Iterator[Spot]:
    for key in sorted(a.keys() | b.keys()):
        inner, place = (*path, key), (*where, key)
        if key in a and key in b:
            yield from _walk(a[key], b[key], shape, inner, place)
        elif inner not in shape.optional:
            one, other = (literal(each[key]) if key in each else "" for each in (a, b))
            yield Spot("body", pointer(place), one, other, inner)
        elif key in b and not shape.varying[inner].fits(literal(b[key])):
            yield Spot("behaviour", pointer(place), "", literal(b[key]), inner)


def _walk_lists(
    a: list[Any], b: list[Any], shape: JsonShape, path: Path, where: Path
) -> Iterator[Spot]:
    for index, ((step, one), other) in enumerate(zip(stepped(a), b, strict=False)):
        yield from _walk(one, other, shape, (*path, step), (*where, str(index)))
    if len(a) != len(b):
        at = min(len(a), len(b))
        one, other = (literal(each[at]) if len(each) > at else "" for each in (a, b))
        yield Spot("body", pointer((*where, str(at))), one, other, (*path, ANY))
