"""Which addresses are one page with different values: by the application's routes, or by shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from surefoot.core.route_parts import PARAMETER, own_expression, texts
from surefoot.toolbox.target import Route
from surefoot.toolbox.workloads.secrets import looks_secret

__all__ = ["Grouping", "Placed", "as_it_is", "by_routes", "by_shape", "route_pattern"]

_SEGMENT: Final = {"int": r"\d+", "float": r"[\d.]+", "path": r".+"}
_ID: Final = re.compile(
    r"\d+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?=.*\d)[0-9a-f]{16,}"
    # Mixed as only chance writes, such as a token: no two are the same page's name.
    r"|(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9_+=-]{20,}"
)
_CROWD: Final = 24
"""More different words than this in one place of an address are values, not pages."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A path cut into what all of its page have and the values between: one text more than values.

    The texts and values are encoded as they were sent.
    """

    texts: tuple[str, ...]
    names: tuple[str, ...]
    values: tuple[str, ...]


Grouping = Callable[[str, str], Placed | None]
"""From method and path; ``None`` where no page of the application is there."""


def route_pattern(route: Route) -> re.Pattern[str]:
    """What matches the decoded paths of a route, with a group for each parameter."""
    kinds = [kind for _, kind in route.rule_parameters]
    found = list(PARAMETER.finditer(route.template))
    pattern = ""
    for place, (text, parameter) in enumerate(zip(texts(route.template), found, strict=False)):
        kind = kinds[place] if place < len(kinds) else "str"
        segment = own_expression(parameter) or _SEGMENT.get(kind, "[^/]+")
        pattern += f"{re.escape(text)}(?P<_{place}>{segment})"
    return re.compile(pattern + re.escape(texts(route.template)[-1]))


def by_routes(routes: Sequence[Route]) -> Grouping:
    """Groups as the application's framework would route."""
    fixed = {(route.method, route.template): route for route in routes if _plain(route)}
    patterns = [(route_pattern(route), route) for route in routes if not _plain(route)]

    def place(method: str, path: str) -> Placed | None:
        method = "GET" if method == "HEAD" else method
        decoded = unquote(path)
        if (method, decoded) in fixed:
            return Placed((path,), (), ())
        for pattern, route in patterns:
            match = pattern.fullmatch(decoded) if route.method == method else None
            if match is not None:
                return _cut(path, route, match)
        return None

    return place


def _plain(route: Route) -> bool:
    return len(texts(route.template)) == 1


def _cut(path: str, route: Route, match: re.Match[str]) -> Placed:
    fixed = tuple(texts(route.template))
    names = [name for name, _ in route.rule_parameters]
    names += ["value"] * (len(fixed) - 1 - len(names))
    encoded = route_pattern(route).fullmatch(path)
    # Where an escape stands in a fixed text, the decoded values have to do.
    groups = [f"_{place}" for place in range(len(fixed) - 1)]
    values = [encoded[each] if encoded else quote(match[each]) for each in groups]
    return Placed(fixed, tuple(names), tuple(values))


def as_it_is(_method: str, path: str) -> Placed:
    """Every path is a page of its own, but for what looks like a secret in it."""
    parts = tuple(path.split("/"))
    return _placed(parts, tuple(None if looks_secret(unquote(p)) else p for p in parts))


def by_shape(paths: Iterable[str]) -> Grouping:
    """Groups by what the paths look like, level by level.

    Numbers, UUIDs and the like are values. So are words of which more than ``24`` different ones
    follow the same beginning.
    """
    shapes = _shapes({tuple(path.split("/")) for path in paths})

    def place(_method: str, path: str) -> Placed | None:
        parts = tuple(path.split("/"))
        return _placed(parts, shapes.get(parts, parts))

    return place


def _shapes(paths: set[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[str | None, ...]]:
    """Each path with ``None`` where a value stands."""
    found: dict[tuple[str, ...], tuple[str | None, ...]] = dict.fromkeys(paths, ())
    for depth in range(max(map(len, paths), default=0)):
        here = [path for path in paths if len(path) > depth]
        crowded = _crowded((found[path], path[depth]) for path in here)
        for path in here:
            is_value = found[path] in crowded or _is_value(path[depth])
            found[path] = (*found[path], None if is_value and path[depth] else path[depth])
    return found


def _is_value(part: str) -> bool:
    return _ID.fullmatch(part) is not None or looks_secret(unquote(part))


def _crowded(
    places: Iterable[tuple[tuple[str | None, ...], str]],
) -> set[tuple[str | None, ...]]:
    """Beginnings that more words follow than pages would."""
    words: dict[tuple[str | None, ...], set[str]] = {}
    for start, word in places:
        if not _is_value(word):
            words.setdefault(start, set()).add(word)
    return {start for start, each in words.items() if len(each) > _CROWD}


def _placed(parts: tuple[str, ...], shape: tuple[str | None, ...]) -> Placed:
    texts, names, values = [""], [], []
    for index, (part, fixed) in enumerate(zip(parts, shape, strict=True)):
        slash = "/" if index else ""
        if fixed is not None:
            texts[-1] += slash + part
            continue
        texts[-1] += slash
        texts.append("")
        names.append(next((word for word in reversed(shape[:index]) if word), "value"))
        values.append(part)
    return Placed(tuple(texts), tuple(names), tuple(values))
