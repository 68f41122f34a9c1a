"""JSON as it is compared: numbers as they were written, places named by pointers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = [
    "ANY",
    "Number",
    "Path",
    "is_json",
    "leaves",
    "literal",
    "parsed",
    "pointer",
    "shown",
    "stepped",
]

Path = tuple[str, ...]
"""Keys from the top down; ``ANY`` for an index, but where each index has a meaning of its own."""

ANY: Final = "*"
_TUPLE: Final = 4
"""Length up to which a list of plain values is one of places with a meaning each."""
_DEEP: Final = 100
"""Levels; what is nested deeper is compared as text, for Python's own stack is limited."""


class Number(str):
    """A number as it was written: ``1.0`` is not ``1``."""

    __slots__ = ()


def is_json(content_type: str) -> bool:
    """Whether a media type is JSON's."""
    return content_type == "application/json" or content_type.endswith("+json")


def parsed(body: bytes) -> Any:
    """The document.

    Raises:
        ValueError: It is none.
    """
    if body.count(b"[") + body.count(b"{") > _DEEP and _depth(body) > _DEEP:
        raise ValueError("nested too deeply")
    return json.loads(body, parse_int=Number, parse_float=Number, parse_constant=Number)


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for byte in body:
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    return deepest


def literal(value: Any) -> str:
    """A value as JSON writes it, without spaces and with its keys in order."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Mapping):
        inner = ",".join(f"{_text(key)}:{literal(value[key])}" for key in sorted(value))
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{','.join(map(literal, value))}]"
    return _text(value)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every place that holds no other, with what it holds; lists count as one place each."""
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list) and value:
        for step, item in stepped(value):
            yield from leaves(item, (*path, step))
    else:
        yield path, literal(value)


def stepped(items: list[Any]) -> Iterator[tuple[str, Any]]:
    """The items of a list with the step that leads to each.

    The places of ``[1700000000, 42]`` or ``["north", 3]`` mean something else each; those of a
    longer list of one kind do not.
    """
    if len({_kind(item) for item in items}) > 1 or (
        len(items) <= _TUPLE and not any(isinstance(item, Mapping | list) for item in items)
    ):
        return ((str(index), item) for index, item in enumerate(items))
    return ((ANY, item) for item in items)


def _kind(value: Any) -> str:
    # What may be missing is of the same kind as what stands beside it.
    return "str" if value is None else type(value).__name__


def pointer(path: Path) -> str:
    """A JSON pointer (RFC 6901), with ``*`` for any index."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def shown(value: str) -> str:
    """A literal without the quotes of a text."""
    return value[1:-1] if len(value) > 1 and value[0] == '"' == value[-1] else value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
