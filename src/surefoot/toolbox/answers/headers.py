"""The headers of an answer that a client can tell apart, each written in one way."""

from __future__ import annotations

from typing import Final

from surefoot.core.http_cache.kept import OF_ONE_REQUEST, OWN_TAG

__all__ = ["content_type", "kept_headers"]

Headers = tuple[tuple[str, str], ...]

_KEPT: Final = frozenset({
    "allow", "cache-control", "content-disposition", "content-language", "content-location",
    "content-range", "content-security-policy", "content-type", "etag", "expires", "last-modified",
    "link", "location", "p3p", "pragma", "refresh", "referrer-policy", "retry-after", "set-cookie",
    "strict-transport-security", "vary", "warning", "www-authenticate",
})  # fmt: skip
_PREFIXES: Final = ("access-control-", "x-")
# Said by servers and by what stands before them, not by the application; or of one request, which
# an answer that is given to several does not repeat.
_DROPPED: Final = OF_ONE_REQUEST | {"x-powered-by", "x-served-by", "x-accel-buffering", "x-cache"}
_LISTS: Final = frozenset({"allow", "cache-control", "vary", "access-control-allow-methods"})


def kept_headers(headers: Headers) -> Headers:
    """The headers that count, sorted; of a cookie its name and attributes, never its value."""
    packed = any(name == "content-encoding" for name, _ in headers)
    kept = []
    for name, value in headers:
        if (name in _KEPT or name.startswith(_PREFIXES)) and name not in _DROPPED:
            text = _written(name, value, packed=packed)
            if text:
                kept.append((name, text))
    return tuple(sorted(kept))


def content_type(headers: Headers) -> str:
    """The media type, without parameters; empty if none is given."""
    given = next((value for name, value in headers if name == "content-type"), "")
    return given.partition(";")[0].strip().lower()


def _written(name: str, value: str, *, packed: bool) -> str:
    if name == "set-cookie":
        return _cookie(value)
    if name == "content-type":
        return ";".join(part.strip().lower() for part in value.split(";"))
    if name in _LISTS:
        words = {word.strip().lower() for word in value.split(",")} - {""}
        if name == "vary":
            # Compression varies by what the client can unpack, and says so; that is no difference.
            words.discard("accept-encoding")
        return ", ".join(sorted(words))
    if name == "etag" and value.startswith(OWN_TAG):
        # It is made of the body, which is compared itself.
        return ""
    if name == "etag" and packed:
        return value.removeprefix("W/").replace("-gzip", "").replace(";gzip", "")
    return value.strip()


def _cookie(value: str) -> str:
    pair, *attributes = value.split(";")
    name, _, text = pair.partition("=")
    written = sorted(_attribute(attribute.strip()) for attribute in attributes if attribute.strip())
    empty = "" if text.strip().strip('"') else "=(empty)"
    return "; ".join([name.strip() + empty, *written])


def _attribute(text: str) -> str:
    name, _, value = text.partition("=")
    name = name.strip().lower()
    # The date lies a fixed time ahead of now.
    return name if name == "expires" or not value else f"{name}={value.strip().lower()}"
