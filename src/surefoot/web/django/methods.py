"""Which methods a view of Django's answers, as far as it tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

__all__ = ["methods"]

_IMPLIED: Final = frozenset({"HEAD", "OPTIONS", "TRACE"})
_DECORATED: Final = "request_method_list"
"""What ``require_http_methods`` calls its list."""
_TELLING: Final = frozenset({"method", "POST", "FILES", "body"})


def methods(view: Callable[..., Any]) -> list[str]:
    """In capitals, sorted, without those that every view answers anyhow.

    Classes, and the view sets of Django REST framework, say which they have; so does
    ``require_http_methods``. A function that says nothing is taken to answer GET, and POST as well
    if it looks at the method or the body of its request.
    """
    actions = getattr(view, "actions", None)
    if isinstance(actions, dict):
        return _sorted(actions)
    kind = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if isinstance(kind, type):
        names = getattr(kind, "http_method_names", ())
        return _sorted(name for name in names if hasattr(kind, name))
    told = next((found for each in _wrapped(view) if (found := _required(each))), None)
    if told is not None:
        return _sorted(told)
    looks = any(_TELLING.intersection(_names(each)) for each in _wrapped(view))
    return ["GET", "POST"] if looks else ["GET"]


def _sorted(names: Any) -> list[str]:
    return sorted({str(name).upper() for name in names} - _IMPLIED)


def _wrapped(view: Any) -> Iterator[Any]:
    """A view and what its decorators wrap."""
    seen = set()
    while view is not None and id(view) not in seen:
        seen.add(id(view))
        yield view
        view = getattr(view, "__wrapped__", None)


def _required(view: Any) -> list[str] | None:
    names = getattr(getattr(view, "__code__", None), "co_freevars", ())
    cells = getattr(view, "__closure__", None) or ()
    for name, cell in zip(names, cells, strict=False):
        if name == _DECORATED and isinstance(cell.cell_contents, list | tuple | set):
            return list(cell.cell_contents)
    return None


def _names(view: Any) -> tuple[str, ...]:
    code = getattr(getattr(view, "__func__", view), "__code__", None)
    return getattr(code, "co_names", ())
