"""What looks like a secret: by the name it goes under, or because its type says so.

A cache is copied, looked into and kept by people who would not be shown a password. Whoever means
to keep one says so (``allow_secrets``).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Final

from surefoot.core.secret_names import is_secret_name, words

__all__ = ["find_secret", "is_secret_type", "tells_secret"]

_SECRET_TYPES: Final = frozenset({"SecretStr", "SecretBytes", "Secret"})
_HARMLESS: Final = (None, True, False, "", b"")
_DEEPEST: Final = 100


def tells_secret(name: str, value: object) -> bool:
    """Whether this, under this name, looks like a secret.

    Nothing, a yes or no and empty text tell none. A number does under a name that is a secret's
    and nothing else: ``token``, and not ``token_count``.
    """
    if not is_secret_name(name):
        return False
    if isinstance(value, bool | None | str | bytes) and value in _HARMLESS:
        return False
    if isinstance(value, int | float):
        return len(words(name)) == 1
    return not (isinstance(value, dict | list | tuple | set | frozenset) and not value)


def is_secret_type(kind: type) -> bool:
    """Whether it is one of pydantic's, or named like one of them: they hide what they hold."""
    return any(each.__name__ in _SECRET_TYPES for each in kind.__mro__)


def find_secret(value: object) -> str | None:
    """Where in a value something looks like a secret, as ``.user["token"]``; nothing if nowhere."""
    return _find(value, "", set(), 0)


def _find(value: Any, path: str, seen: set[int], depth: int) -> str | None:
    if is_secret_type(type(value)):
        return path or "the value itself"
    # A class is written by its name, and holds nothing of this value's.
    if isinstance(value, str | bytes | int | float | type | None) or id(value) in seen:
        return None
    if depth > _DEEPEST:
        return None
    seen.add(id(value))
    for name, step, each in _inside(value):
        if name is not None and tells_secret(name, each):
            return path + step
        found = _find(each, path + step, seen, depth + 1)
        if found is not None:
            return found
    return None


def _inside(value: Any) -> Iterator[tuple[str | None, str, Any]]:
    """Name, path and value of everything that a value holds."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield (key if isinstance(key, str) else None), f"[{key!r}]", each
            if not isinstance(key, str | int):
                yield None, f"[{key!r}]", key
    elif isinstance(value, list | tuple | set | frozenset) and not hasattr(value, "_fields"):
        for at, each in enumerate(value):
            yield None, f"[{at}]", each
    else:
        kind: Any = type(value)
        for name in _named_parts(kind):
            yield name, f".{name}", getattr(value, name, None)
        # Not by getattr: an ORM may ask its database for an attribute.
        for name, each in getattr(value, "__dict__", {}).items():
            if name != "_sa_instance_state":  # SQLAlchemy's way to the engine; it is not pickled
                yield name, f".{name}", each


@functools.lru_cache(1024)
def _named_parts(kind: type) -> tuple[str, ...]:
    """The fields of its values that lie in no dictionary."""
    named = getattr(kind, "__struct_fields__", None) or getattr(kind, "_fields", None) or ()
    slots = [name for each in kind.__mro__ for name in _slots(each)]
    return tuple(dict.fromkeys([*named, *slots]))


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
