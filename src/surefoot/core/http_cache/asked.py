"""A request, and whether an answer to it may come from what was kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from surefoot.core.http_cache.fields import Fields, directives, values

__all__ = ["Asked", "bypass", "cookies"]

_HOST: Final = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?")
# Who asks, or something else that is asked for than the whole of a representation.
_OTHER: Final = (
    "authorization", "proxy-authorization", "range", "upgrade", "if-match", "if-unmodified-since",
    "x-http-method-override", "expect",
)  # fmt: skip
# Proxies that log users in, and applications of their own invention, name such fields like this.
_TELLING: Final = re.compile(
    r"auth|token|api-?key|user|session|jwt|oidc|identity|secret|csrf|xsrf|client-?cert|email"
    r"|assertion|signature|dpop"
)
_ALL_SEND: Final = ("user-agent", "sec-fetch-user")
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


def bypass(asked: Asked, sessions: AbstractSet[str]) -> str:
    """Why a request has to be answered by the application; empty where it may be looked up.

    Args:
        asked: The request.
        sessions: Names of cookies that stand for a session.
    """
    if asked.method not in {"GET", "HEAD"}:
        return f"its method is {asked.method[:20]}"
    if asked.has_body:
        return "it has a body"
    return _personal(asked, sessions) or _unsound(asked)


def _personal(asked: Asked, sessions: AbstractSet[str]) -> str:
    if asked.identified:
        return "the server knows who asks"
    named = {name for name, _ in asked.fields}
    for name in _OTHER:
        if name in named:
            return f"it carries {name}"
    telling = next((n for n in named if _TELLING.search(n) and n not in _ALL_SEND), "")
    if telling:
        return f"it carries {telling[:40]}"
    if any(name in sessions for name, _ in cookies(asked.fields)):
        return "it carries a session"
    return "it says no-store" if "no-store" in directives(asked.fields) else ""


def _unsound(asked: Asked) -> str:
    hosts = values(asked.fields, "host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        return "it has no single valid host"
    if any(len(value) > _LONGEST_FIELD for name, value in asked.fields if name != "cookie"):
        return "a field of it is too long"
    if len(asked.path) + len(asked.raw) + len(asked.query) > _LONGEST_TARGET:
        return "its target is too long"
    if asked.scheme not in {"http", "https"}:
        return "its scheme is neither http nor https"
    # Of two, an application reads the one or the other.
    once = ("x-forwarded-host", "x-forwarded-proto", "content-length")
    twice = any(len(values(asked.fields, name)) > 1 for name in once)
    return "a field of it comes twice" if twice else ""
