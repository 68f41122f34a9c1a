"""What a declared type says about the values of it: decided once for each type."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from surefoot.cache.values.secrets import is_secret_type, tells_secret

__all__ = ["Shape", "shape_of"]


@dataclass(frozen=True, slots=True)
class Shape:
    """One type."""

    secret: str | None
    """Where a field of every such value looks like a secret."""
    open: bool
    """Values may hold what the type does not name, such as the keys of a dictionary."""
    loose: bool
    """Some part of it is declared as anything, so what comes back of that is what msgpack has."""
    exact: bool
    """Its values come back the same without the type: lists and dictionaries of plain ones."""


@functools.lru_cache(512)
def shape_of(kind: Any) -> Shape:
    """The shape of a type that msgspec understands.

    Raises:
        TypeError: The type can hold nothing that msgspec could write.
    """
    inspect = importlib.import_module("msgspec.inspect")
    walk = _Walk(inspect)
    secret = walk.find(inspect.type_info(kind), "")
    return Shape(secret, walk.open, walk.loose, walk.exact)


class _Walk:
    """Over the types inside a type, each class once."""

    def __init__(self, inspect: Any) -> None:
        self._inspect = inspect
        self._seen: set[Any] = set()
        self.open = False
        self.loose = False
        self.exact = True

    def find(self, kind: Any, path: str) -> str | None:
        """Where the first secret is."""
        named = getattr(kind, "cls", None)
        if isinstance(named, type) and is_secret_type(named):
            return path or "the value itself"
        if hasattr(kind, "fields"):
            if named in self._seen:
                return None
            self._seen.add(named)
        self._look(kind)
        for name, step, inner in self._inside(kind):
            if name and any(tells_secret(name, each) for each in self._samples(inner)):
                return path + step
            found = self.find(inner, path + step)
            if found is not None:
                return found
        return None

    def _look(self, kind: Any) -> None:
        i = self._inspect
        self.loose |= isinstance(kind, i.AnyType | i.RawType | i.CustomType | i.ExtType)
        self.open |= self.loose or isinstance(kind, i.DictType)
        if not isinstance(
            kind,
            i.NoneType | i.BoolType | i.IntType | i.FloatType | i.StrType | i.BytesType
            | i.ListType | i.DictType | i.TypedDictType | i.UnionType,
        ):  # fmt: skip
            self.exact = False

    def _inside(self, kind: Any) -> Iterator[tuple[str, str, Any]]:
        for field in getattr(kind, "fields", ()):
            yield field.name, f".{field.name}", field.type
        for each in getattr(kind, "types", ()):
            yield "", "", each
        for name, step in (("item_type", "[]"), ("key_type", "[key]"), ("value_type", "[...]")):
            if hasattr(kind, name):
                yield "", step, getattr(kind, name)
        for each in getattr(kind, "item_types", ()):
            yield "", "[]", each

    def _samples(self, kind: Any) -> Iterator[object]:
        """Values of a type, as far as it matters for what its name would tell."""
        i = self._inspect
        for each in getattr(kind, "types", (kind,)):
            if isinstance(each, i.BoolType | i.NoneType):
                yield None
            elif isinstance(each, i.IntType | i.FloatType):
                yield 1
            else:
                yield "text"
