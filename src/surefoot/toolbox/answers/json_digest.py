"""The canonical text of JSON, made by going only where something varies.

Under load each answer is judged in the process that sends: walking a whole document in Python costs
seven times what parsing and writing it costs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from surefoot.toolbox.answers.document import Number, Path, literal, stepped
from surefoot.toolbox.answers.json_shape import VARIES, JsonShape
from surefoot.toolbox.answers.pattern import Pattern

__all__ = ["quick"]

_MARK: Final = "\0"
_FITS: Final = Number(_MARK + VARIES)


@dataclass(slots=True)
class _Node:
    """One place on the way to something that varies."""

    inner: dict[str, _Node] = field(default_factory=dict)
    pattern: Pattern | None = None
    optional: bool = False
    unordered: bool = False


def quick(body: bytes, shape: JsonShape) -> str:
    """The same for two documents if, and only if, their canonical texts are.

    Args:
        body: The document as it came.
        shape: What varies of it; no object whose keys vary.

    Raises:
        ValueError: The body is no JSON.
    """
    document = json.loads(body, parse_int=_marked, parse_float=_marked, parse_constant=_marked)
    if shape.varying or shape.unordered:
        document = _reduced(document, _tree(shape))
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _marked(number: str) -> Number:
    # A number is told from a text of the same letters, and kept as it was written.
    return Number(_MARK + number)


def _tree(shape: JsonShape) -> _Node:
    root = _Node()
    for path, pattern in shape.varying.items():
        node = _node(root, path)
        node.pattern = pattern
        node.optional = path in shape.optional
    for path in shape.unordered:
        _node(root, path).unordered = True
    return root


def _node(root: _Node, path: Path) -> _Node:
    for step in path:
        root = root.inner.setdefault(step, _Node())
    return root


def _reduced(value: Any, node: _Node) -> Any:
    if node.pattern is not None:
        return _FITS if node.pattern.fits(literal(_unmarked(value))) else value
    if isinstance(value, Mapping):
        return _reduced_object(value, node)
    if isinstance(value, list):
        if node.inner:
            value = [
                _reduced(item, node.inner[step]) if step in node.inner else item
                for step, item in stepped(value)
            ]
        if node.unordered:
            value = sorted(value, key=lambda item: json.dumps(item, sort_keys=True))
    return value


def _reduced_object(value: Mapping[str, Any], node: _Node) -> Mapping[str, Any]:
    out = dict(value)
    for key, inner in node.inner.items():
        if key in out:
            out[key] = _reduced(out[key], inner)
            if inner.optional and out[key] is _FITS:
                del out[key]
    return out


def _unmarked(value: Any) -> Any:
    if isinstance(value, Number):
        return Number(value.removeprefix(_MARK))
    if isinstance(value, Mapping):
        return {key: _unmarked(item) for key, item in value.items()}
    return [_unmarked(item) for item in value] if isinstance(value, list) else value
