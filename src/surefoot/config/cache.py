"""``[cache]`` and ``[[cache.response]]``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from surefoot.config.rules import duration, key, names, size, without_password

__all__ = ["Cache", "CachedResponse"]

_ROUTE: Final = re.compile(r"GET /.*")
_DAY: Final = 86400.0


def _route(value: Any) -> str:
    text = str(value)
    if not _ROUTE.fullmatch(text):
        raise ValueError
    return text


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """One route whose answers are kept."""

    route: str = key(
        "",
        "Which answers are kept: GET and the path as the framework writes it.",
        parse=_route,
        allowed='a route such as "GET /books/<int:book_id>" or "GET /books/{book_id}"',
    )
    ttl: float = duration(
        60.0,
        "For how long an answer is given again; shorter where the application says so.",
        minimum=0.001,
        maximum=30 * _DAY,
    )
    stale: float = duration(
        0.0,
        "For how long after that it is still given, while one request makes a new one or where "
        "that fails.",
        minimum=0.0,
        maximum=30 * _DAY,
    )
    everybody: bool = key(
        False,
        "Give it to who carries a session too. Only for pages that are the same for everybody: "
        "surefoot prove asks as several users whether they are.",
    )
    headers: tuple[str, ...] = names(
        "Headers of requests that the answer depends on, in addition to those it names in Vary."
    )
    cookies: tuple[str, ...] = names("Cookies that the answer depends on.")
    ignore: tuple[str, ...] = names(
        "Headers of requests that the application reads though the answer does not depend on them."
    )
    browser: float = duration(
        0.0,
        "For how long browsers may use it without asking again.",
        minimum=0.0,
        maximum=30 * _DAY,
    )
    network: float = duration(
        0.0,
        "For how long caches in front, as of a CDN, may give it to everybody, sessions or not.",
        minimum=0.0,
        maximum=30 * _DAY,
    )


@dataclass(frozen=True, slots=True)
class Cache:
    """Where what is kept lies."""

    url: str = key(
        "memory://",
        "Where it is kept: memory:// in each process, sqlite:///PATH for all of one host, redis://,"
        " rediss://, unix:// or memcached://.",
        public=without_password,
    )
    local: int = size(
        0,
        "Room in each process for copies of what a cache of surefoot.cache has in a store that "
        "processes share, where its code gives no local=; 0 for none.",
        minimum=0,
        maximum=100_000_000_000,
    )
    name: str = key(
        "",
        "Tells what this application keeps from what others keep in the same place.",
    )
    status: bool = key(
        False,
        "Say of each answer, in Cache-Status (RFC 9211), whether it was kept, or why not.",
    )
    largest: int = size(1_000_000, "The largest body that is kept.", minimum=1, maximum=100_000_000)
    sessions: tuple[str, ...] = names(
        "Cookies that stand for a session, besides those the frameworks and habit name; who "
        "carries one gets no kept answer but of routes for everybody."
    )
    fingerprinted: tuple[str, ...] = names(
        'Beginnings of paths, as "/static/", of files whose names change with their bytes: '
        "browsers keep those for a year."
    )
    response: tuple[CachedResponse, ...] = field(default=())
