"""A request, and whether an answer to it may come from what was kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from surefoot.core.http_cache import names
from surefoot.core.http_cache.fields import Fields, directives, values

__all__ = ["SESSION_CARRIED", "Asked", "bypass", "cookies"]

SESSION_CARRIED: Final = "it carries a session"

_HOST: Final = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?")
# Something else is asked for than the whole of a representation.
_OTHER: Final = frozenset({
    "range", "upgrade", "if-match", "if-unmodified-since",
    "x-http-method-override", "expect",
})  # fmt: skip
_ONCE: Final = frozenset({"host", "x-forwarded-host", "x-forwarded-proto", "content-length"})
_LONGEST_FIELD: Final = 1024
_LONGEST_TARGET: Final = 4096


@dataclass(frozen=True, slots=True)
class Asked:
    """What the server says of one request."""

    method: str
    scheme: str
    path: str
    """As the application sees it, its escapes decoded; with the prefix it is mounted under."""
    raw: str
    """As the client wrote it, where the server says so: ``/a%2Fb`` is not ``/a/b``."""
    query: str
    fields: Fields
    has_body: bool = False
    identified: bool = False
    """Whether the server itself knows the user, as by a certificate."""


def cookies(fields: Fields) -> Iterator[tuple[str, str]]:
    """Names and values of the cookies that a request carries."""
    for value in values(fields, "cookie"):
        for pair in value.split(";"):
            name, equals, text = pair.partition("=")
            # Without a "=" browsers take the whole for the value of a cookie without a name, and
            # some frameworks for its name: it is taken for a name here, so that it counts.
            if name.strip() or text.strip():
                yield name.strip(), text.strip() if equals else ""


def bypass(asked: Asked, sessions: AbstractSet[str], *, everybody: bool = False) -> str:
    """Why a request has to be answered by the application; empty where it may be looked up.

    Args:
        asked: The request.
        sessions: Names of cookies that stand for a session, besides those that say so.
        everybody: Whether a session is no reason; everything else that says who asks still is.
    """
    return _by_itself(asked) or _by_fields(asked.fields, None if everybody else sessions)


def _by_itself(asked: Asked) -> str:
    if asked.method not in {"GET", "HEAD"}:
        return f"its method is {asked.method[:20]}"
    if asked.has_body:
        return "it has a body"
    if asked.identified:
        return "the server knows who asks"
    if asked.scheme not in {"http", "https"}:
        return "its scheme is neither http nor https"
    long = len(asked.path) + len(asked.raw) + len(asked.query) > _LONGEST_TARGET
    return "its target is too long" if long else ""


def _by_fields(fields: Fields, sessions: AbstractSet[str] | None) -> str:
    single = set()
    for name, value in fields:
        why = _by_field(name, value, sessions)
        if why:
            return why
        if name in _ONCE:
            if name in single:
                # Of two, an application reads the one or the other.
                return f"its {name} comes twice"
            single.add(name)
    return "" if "host" in single else "it has no host"


def _by_field(name: str, value: str, sessions: AbstractSet[str] | None) -> str:
    if name == names.COOKIE:
        carried = (cookie for cookie, _ in cookies(((name, value),)))
        found = sessions is not None and any(
            each in sessions or names.telling_cookie(each) for each in carried
        )
        return SESSION_CARRIED if found else ""
    if name in _OTHER or names.telling(name):
        return f"it carries {name[:40]}"
    if len(value) > _LONGEST_FIELD:
        return f"its {name[:40]} is too long"
    if name == "host":
        return "" if _HOST.fullmatch(value) else "its host is none"
    if name == "cache-control" and "no-store" in directives(((name, value),)):
        return "it says no-store"
    return ""
