"""A request taken apart: what all requests of its kind share, and the values of this one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from surefoot.toolbox.load.template import literal
from surefoot.toolbox.workloads.columns import Column
from surefoot.toolbox.workloads.paths import Grouping, Placed
from surefoot.toolbox.workloads.seen import Fields, Seen

__all__ = ["Outline", "apart", "table"]

FORM: Final = "application/x-www-form-urlencoded"
_DEEPEST: Final = 40
_MOST_LEAVES: Final = 200


@dataclass(frozen=True, slots=True)
class Outline:
    """What requests of one kind share."""

    method: str
    path: tuple[str, ...]
    """The texts around the values of the path."""
    query: tuple[str, ...]
    """Names of the parameters, encoded, in order."""
    headers: tuple[str, ...]
    kind: str
    """Of the body: ``form``, ``json``, ``body`` or nothing."""
    skeleton: str
    """JSON with the number of a column in place of each value."""
    columns: tuple[Column, ...]
    """Of path, query, headers and body, in this order."""

    @property
    def page(self) -> str:
        """What people call it: method and path with the names of its values."""
        names = [f"{{{column.name}}}" for column in self.columns if column.where == "path"]
        return f"{self.method} {_woven(self.path, names)}"


def apart(seen: Seen, grouping: Grouping) -> tuple[Outline, tuple[str, ...]] | None:
    """Outline and values of a request; ``None`` where the application has no such page."""
    placed = grouping(seen.method, seen.path)
    if placed is None:
        return None
    # An empty query ("/?") is none.
    query = [pair.partition("=") for pair in seen.query.split("&") if pair]
    kind, skeleton, body = _body(seen)
    fields = (*seen.headers, *_kind_header(seen, kind, skeleton))
    query_columns = [(Column(_plain_name(name), "query"), value) for name, _, value in query]
    parts = [*_path_columns(placed), *query_columns]
    parts += [(Column(name, "header"), value) for name, value in fields] + body
    outline = Outline(
        method=seen.method,
        path=placed.texts,
        query=tuple(name + equals for name, equals, _ in query),
        headers=tuple(name for name, _ in fields),
        kind=kind,
        skeleton=skeleton,
        columns=tuple(column for column, _ in parts),
    )
    return outline, tuple(value for _, value in parts)


def _path_columns(placed: Placed) -> list[tuple[Column, str]]:
    names = [Column(name, "path") for name in placed.names]
    return list(zip(names, placed.values, strict=True))


def _kind_header(seen: Seen, kind: str, skeleton: str) -> Fields:
    """``Content-Type``, but for a form and plain JSON: the generator knows what they are called."""
    named = kind == "body" or (kind == "json" and _as_text(skeleton, seen.content_type))
    return (("Content-Type", seen.content_type),) if named and seen.content_type else ()


def _plain_name(encoded: str) -> str:
    """The plain name of a parameter."""
    return next(iter(parse_qsl(f"{encoded}=x")), ("value", ""))[0]


def _body(seen: Seen) -> tuple[str, str, list[tuple[Column, str]]]:
    if not seen.body:
        return "", "", []
    kind = seen.content_type.partition(";")[0].strip().lower()
    if kind == FORM:
        pairs = parse_qsl(seen.body, keep_blank_values=True)
        if len(dict(pairs)) == len(pairs):
            return "form", "", [(Column(name, "form"), value) for name, value in pairs]
    if kind.endswith("json"):
        found = _leaves(seen.body)
        if found is not None:
            return "json", found[0], found[1]
    return "body", "", [(Column("body", "body"), seen.body)]


def _leaves(text: str) -> tuple[str, list[tuple[Column, str]]] | None:
    """JSON with its values taken out; ``None`` for what a TOML table cannot say."""
    try:
        value = json.loads(text)
        leaves: list[tuple[Column, str]] = []
        skeleton = _hollow(value, "value", leaves, 0)
    except (ValueError, RecursionError):
        return None
    return json.dumps(skeleton), leaves


def _hollow(value: Any, name: str, leaves: list[tuple[Column, str]], depth: int) -> Any:
    if depth > _DEEPEST or len(leaves) > _MOST_LEAVES:
        raise ValueError
    if isinstance(value, dict):
        return {k: _hollow(each, k, leaves, depth + 1) for k, each in value.items()}
    if isinstance(value, list):
        return [_hollow(each, name, leaves, depth + 1) for each in value]
    if isinstance(value, bool | None):
        return value
    leaves.append((Column(name, "json", number=not isinstance(value, str)), _leaf(value)))
    return len(leaves) - 1


def _leaf(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError  # nothing that JSON has
    return value if isinstance(value, str) else json.dumps(value)


def _as_text(skeleton: str, content_type: str) -> bool:
    """Whether JSON is written as text: TOML has no word for null, and its kind may be a special."""
    kind = content_type.partition(";")[0].strip().lower()
    return "null" in skeleton or kind != "application/json"


def _json_text(value: Any, columns: Sequence[Column], texts: Sequence[str]) -> str:
    written = json.dumps(value, ensure_ascii=False)
    for column, text in zip(columns, texts, strict=True):
        if column.number and text.startswith("{"):
            written = written.replace(json.dumps(text), text)
    return written


def table(outline: Outline, texts: Sequence[str]) -> dict[str, Any]:
    """The ``[[request]]`` of an outline.

    Args:
        outline: What is fixed.
        texts: What to write for each column.
    """
    left = iter(texts)
    path = _woven([literal(text) for text in outline.path], _next(left, len(outline.path) - 1))
    pairs = [f"{literal(name)}{next(left)}" for name in outline.query]
    made: dict[str, Any] = {"path": path + ("?" + "&".join(pairs) if pairs else "")}
    if outline.method != "GET":
        made = {"method": outline.method, **made}
    headers = dict(zip(outline.headers, _next(left, len(outline.headers)), strict=True))
    if headers:
        made["headers"] = headers
    return made | _body_table(outline, list(left))


def _body_table(outline: Outline, texts: list[str]) -> dict[str, Any]:
    columns = outline.columns[len(outline.columns) - len(texts) :]
    if outline.kind == "form":
        pairs = zip(columns, texts, strict=True)
        return {"form": {literal(column.name): text for column, text in pairs}}
    if outline.kind == "json":
        value = _filled(json.loads(outline.skeleton), columns, texts)
        if "Content-Type" not in outline.headers:
            return {"json": value}
        return {"body": _json_text(value, columns, texts)}
    return {"body": texts[0]} if outline.kind else {}


def _next(left: Iterator[str], count: int) -> list[str]:
    return [next(left) for _ in range(count)]


def _woven(texts: Sequence[str], values: Sequence[str]) -> str:
    return "".join(text + value for text, value in zip(texts, (*values, ""), strict=True))


def _filled(skeleton: Any, columns: Sequence[Column], texts: Sequence[str]) -> Any:
    if isinstance(skeleton, dict):
        return {literal(key): _filled(each, columns, texts) for key, each in skeleton.items()}
    if isinstance(skeleton, list):
        return [_filled(each, columns, texts) for each in skeleton]
    if isinstance(skeleton, bool | None):
        return skeleton
    text = texts[skeleton]
    if columns[skeleton].number and not text.startswith("{"):
        return json.loads(text)
    return text
