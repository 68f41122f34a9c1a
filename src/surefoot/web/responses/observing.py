"""Requests whose reading is noticed.

A dictionary that is asked for a key compares it with the key that it holds. Here it holds a key
that notes being found equal: so ``environ["HTTP_COOKIE"]``, ``.get``, ``in``, and a copy of the
dictionary are all seen, by whatever code and in whatever thread, while the dictionary stays a plain
one, as PEP 3333 wants it. Header lists of ASGI are observed in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from surefoot.core.http_cache import names
from surefoot.core.http_cache.observed import ADDRESS, Observed

__all__ = [
    "KEY",
    "ByteName",
    "Name",
    "observed_environ",
    "observed_of",
    "observed_scope",
    "unseen",
]

KEY: Final = "surefoot.observed"
"""Under which an environment or a scope holds its ``Observed``."""

unseen: list[str] = []
"""Modules of frameworks whose doors could not be put in; where there is one, nothing is kept."""

# Ways to look at a key other than comparing it; whoever goes through all keys uses one of them.
_LOOKS: Final = (
    "__contains__", "__format__", "__getitem__", "__iter__", "__len__", "__mod__", "__repr__",
    "__str__", "capitalize", "casefold", "endswith", "find", "index", "lower", "lstrip",
    "partition", "removeprefix", "replace", "rpartition", "rsplit", "split", "startswith", "strip",
    "swapcase", "title", "translate", "upper",
)  # fmt: skip
# What is kept is whole: the client's conditions are applied to it afterwards.
_CONDITIONS: Final = frozenset({"if-none-match", "if-modified-since"})


class _Noted:
    """Notes when it is found equal to something, or looked at."""

    note: Callable[[], None]
    __hash__: Any

    def __ne__(self, other: object) -> bool:
        return not self == other


def _looking(kind: type, look: str) -> Callable[..., Any]:
    plain = getattr(kind, look)

    def looks(self: _Noted, *args: Any, **kwargs: Any) -> Any:
        self.note()
        return plain(self, *args, **kwargs)

    looks.__name__ = look
    return looks


class Name(_Noted, str):  # noqa: SLOT000 - each notes for a request of its own
    """A key of an environment or a scope."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        same = str.__eq__(self, other)
        if same is True:
            self.note()
        return same is True


class ByteName(_Noted, bytes):
    """The name of a field in the list of an ASGI scope."""

    observed: Observed
    __hash__ = bytes.__hash__

    def __eq__(self, other: object) -> bool:
        same = bytes.__eq__(self, other)
        if same is True:
            self.note()
        return same is True


for _kind, _plain in ((Name, str), (ByteName, bytes)):
    for _look in (*_LOOKS, "encode", "decode", "hex"):
        if hasattr(_plain, _look):
            setattr(_kind, _look, _looking(_plain, _look))


def observed_of(holder: Any) -> Observed | None:
    """What notes the reading of this environment or scope; ``None`` for most requests."""
    return holder.get(KEY) if holder else None


def observed_environ(environ: dict[str, Any], observed: Observed) -> dict[str, Any]:
    """A copy of an environment whose reading is noted, without the client's conditions."""
    copy: dict[str, Any] = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            field = key[5:].lower().replace("_", "-")
            if field in _CONDITIONS:
                continue
            if not names.silent(field) and not names.keyed(field):
                copy[_field(Name(key), field, observed)] = value
                continue
        elif key in {"REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT"}:
            copy[_address(Name(key), observed)] = value
            continue
        copy[key] = value
    if "HTTP_COOKIE" not in environ:
        # Looking for cookies where there are none is reading them too.
        copy[_field(Name("HTTP_COOKIE"), names.COOKIE, observed)] = ""
    copy[KEY] = observed
    return copy


def observed_scope(scope: dict[str, Any], observed: Observed) -> dict[str, Any]:
    """A copy of a scope whose reading is noted, without the client's conditions."""
    plain: list[tuple[bytes, bytes]] = []
    noted: list[tuple[bytes, bytes]] = []
    for name, value in scope["headers"]:
        field = name.decode("latin-1").lower()
        if field in _CONDITIONS:
            continue
        if names.silent(field) or names.keyed(field):
            plain.append((name, value))
        else:
            noted.append((_byte_name(name, field, observed), value))
    if all(name != b"cookie" for name, _ in scope["headers"]):
        noted.append((_byte_name(b"cookie", names.COOKIE, observed), b""))
    copy: dict[str, Any] = {}
    for key, value in scope.items():
        copy[_address(Name(key), observed) if key == "client" else key] = value
    copy["headers"] = [*plain, *noted]
    copy[KEY] = observed
    return copy


def _field(name: Name, field: str, observed: Observed) -> Name:
    name.note = lambda: observed.field(field)
    return name


def _address(name: Name, observed: Observed) -> Name:
    name.note = lambda: observed.person(ADDRESS)
    return name


def _byte_name(name: bytes, field: str, observed: Observed) -> ByteName:
    made = ByteName(name)
    made.observed = observed
    made.note = lambda: observed.field(field)
    return made
