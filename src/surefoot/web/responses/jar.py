"""Cookies that note which of them is looked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

from surefoot.core.http_cache.observed import ALL, Observed

__all__ = ["observed_jar"]

_BY_NAME: Final = ("__getitem__", "__contains__", "get", "getlist", "pop", "setdefault")
_WHOLE: Final = (
    "__eq__", "__iter__", "__len__", "__ne__", "__or__", "__repr__", "__reversed__", "__ror__",
    "copy", "deepcopy", "items", "keys", "lists", "listvalues", "popitem", "to_dict", "values",
)  # fmt: skip


def observed_jar(jar: Any, observed: Observed) -> Any:
    """The same cookies, noting what is read of them."""
    kind: Any = type(jar)
    made = _observing(kind)(jar)
    # Set last: making it reads nothing that counts.
    made.observed = observed
    return made


@functools.cache
def _observing(kind: Any) -> Any:
    named = {name: _by_name(kind, name) for name in _BY_NAME if hasattr(kind, name)}
    whole = {name: _as_a_whole(kind, name) for name in _WHOLE if hasattr(kind, name)}
    return type(f"Observed{kind.__name__}", (kind,), {"observed": None, **named, **whole})


def _by_name(kind: type, method: str) -> Callable[..., Any]:
    plain = getattr(kind, method)

    def read(self: Any, name: Any, *args: Any, **kwargs: Any) -> Any:
        if self.observed is not None:
            self.observed.cookie(str(name))
        return plain(self, name, *args, **kwargs)

    return read


def _as_a_whole(kind: type, method: str) -> Callable[..., Any]:
    plain = getattr(kind, method)

    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.observed is not None:
            self.observed.cookie(ALL)
        return plain(self, *args, **kwargs)

    return read
