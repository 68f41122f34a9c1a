"""Which answers are compressed, and what their headers say then. No effects here.

The rules of RFC 9110: sections 12.5.3 (Accept-Encoding), 8.8.3 (a strong ETag names exact bytes,
so that of a compressed answer is weakened), 12.5.5 (Vary) and RFC 9111 5.2.2.6 (no-transform).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["LEAST", "LEVEL", "Headers", "accepts_gzip", "compressible", "encoded", "varied"]

Headers = Sequence[tuple[str, str]]

LEAST: Final = 500
"""Bytes; what is shorter fits a packet either way, and gzip's own head and tail are 18 of them."""

LEVEL: Final = 4
"""Of zlib. 71 kB of JSON and text, in four bodies, become 20.9 kB at level 1 in 0.66 ms, 18.9 kB at
4 in 0.95 ms, 18.2 kB at 6 in 1.5 ms, and 18.0 kB at 9 in 4.2 ms."""

_TYPES: Final = frozenset(
    {
        "application/atom+xml", "application/javascript", "application/json",
        "application/ld+json", "application/manifest+json", "application/problem+json",
        "application/rss+xml", "application/vnd.api+json", "application/wasm",
        "application/xhtml+xml", "application/xml", "application/x-ndjson",
        "application/x-javascript", "image/svg+xml", "image/bmp", "font/ttf", "font/otf",
    }
)  # fmt: skip
# Each event is to arrive at once, and clients of some age do not decode it.
_NEVER: Final = frozenset({"text/event-stream"})
# No body, a part of one, or one whose bytes were agreed on by others.
_STATUSES: Final = frozenset({204, 205, 206, 304})


def accepts_gzip(accepted: str) -> bool:
    """Whether an ``Accept-Encoding`` header allows gzip; a missing or empty one does not."""
    star = False
    for part in accepted.lower().split(","):
        name, _, rest = part.partition(";")
        name = name.strip()
        if name in {"gzip", "x-gzip"}:
            return _wanted(rest)
        if name == "*":
            star = _wanted(rest)
    return star


def _wanted(parameters: str) -> bool:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value.strip()) > 0
            except ValueError:
                return False
    return True


def compressible(method: str, status: int, headers: Headers) -> bool:
    """Whether an answer may be compressed for a client that accepts it.

    Args:
        method: Of the request.
        status: Of the answer.
        headers: Of the answer, names in any case.
    """
    if method == "HEAD" or status < 200 or status in _STATUSES:
        return False
    given = {name.lower(): value for name, value in headers}
    if "content-encoding" in given or "content-range" in given or "content-md5" in given:
        return False
    if "no-transform" in given.get("cache-control", "").lower():
        return False
    kind = given.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _NEVER or not (kind in _TYPES or kind.startswith("text/")):
        return False
    length = given.get("content-length", "")
    return not (length.isdigit() and int(length) < LEAST)


def encoded(headers: Headers, length: int | None) -> list[tuple[str, str]]:
    """The headers of the compressed answer.

    Args:
        headers: Of the plain answer.
        length: Of the compressed body; ``None`` where it is not known yet.
    """
    changed = []
    for name, value in headers:
        lower = name.lower()
        if lower in {"content-length", "accept-ranges"}:
            continue
        changed.append((name, _weak(value) if lower == "etag" else value))
    changed.append(("Content-Encoding", "gzip"))
    if length is not None:
        changed.append(("Content-Length", str(length)))
    return varied(changed)


def _weak(tag: str) -> str:
    return tag if tag.startswith("W/") else f"W/{tag}"


def varied(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers with ``Accept-Encoding`` among what the answer depends on."""
    found = list(headers)
    for index, (name, value) in enumerate(found):
        if name.lower() == "vary":
            told = {word.strip().lower() for word in value.split(",")}
            if not told & {"*", "accept-encoding"}:
                found[index] = (name, f"{value}, Accept-Encoding")
            return found
    return [*found, ("Vary", "Accept-Encoding")]
