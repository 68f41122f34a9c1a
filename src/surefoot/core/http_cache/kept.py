"""An answer as bytes, and an answer made again from them: whole, bodiless, or "not modified"."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from surefoot.core.http_cache.asked import Asked
from surefoot.core.http_cache.dates import read_date
from surefoot.core.http_cache.fields import Fields, first, listed

__all__ = ["OF_ONE_REQUEST", "OWN_TAG", "Kept", "answered"]

OWN_TAG: Final = '"sf-'
"""How an ``ETag`` begins that is made of the body's bytes here, as the application gave none."""
OF_ONE_REQUEST: Final = frozenset(
    {
        "server-timing", "x-correlation-id", "x-process-time", "x-request-id", "x-response-time",
        "x-runtime", "x-trace-id",
    }
)  # fmt: skip
"""What answers say of the one request that they were made for."""

_HEAD: Final = struct.Struct("<HHI")
_LENGTHS: Final = struct.Struct("<HI")
_MOST: Final = 100
# Of one connection (RFC 9110, 7.6.1), or of the one request that the answer was made for.
_DROPPED: Final = OF_ONE_REQUEST | {
    "age", "alt-svc", "connection", "date", "keep-alive", "proxy-connection", "server",
    "set-cookie", "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
_DROPPED_FAMILIES: Final = ("x-ratelimit-", "ratelimit")
# What a 304 repeats of the answer it stands for (RFC 9110, 15.4.5), and what a browser goes by.
_NOT_MODIFIED: Final = frozenset(
    {
        "cache-control", "cdn-cache-control", "content-location", "etag", "expires",
        "last-modified", "vary", "age",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer, for anybody who asks the same."""

    status: int
    fields: Fields
    body: bytes

    @classmethod
    def of(cls, status: int, fields: Fields, body: bytes) -> Kept:
        """What is kept of an answer; it gets an ``ETag`` by its bytes where it has none."""
        kept = [
            (name, value)
            for name, value in fields
            if name not in _DROPPED and not name.startswith(_DROPPED_FAMILIES)
        ]
        if status == 200 and not first(fields, "etag"):
            digest = hashlib.blake2b(body, digest_size=12).hexdigest()
            kept.append(("etag", f'{OWN_TAG}{digest}"'))
        if not first(fields, "content-length"):
            kept.append(("content-length", str(len(body))))
        return cls(status, tuple(kept), body)

    def pack(self) -> bytes:
        """As bytes.

        Raises:
            ValueError: It has too many fields, or one too long.
        """
        if len(self.fields) > _MOST:
            raise ValueError(f"{len(self.fields)} fields")
        parts = [_HEAD.pack(self.status, len(self.fields), len(self.body))]
        for name, value in self.fields:
            encoded, text = name.encode("latin-1"), value.encode("latin-1")
            if len(encoded) > 0xFFFF:
                raise ValueError("the name of a field is too long")
            parts += [_LENGTHS.pack(len(encoded), len(text)), encoded, text]
        parts.append(self.body)
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> Kept | None:
        """From bytes; ``None`` for what is no answer of this format, cut short or damaged."""
        try:
            status, count, length = _HEAD.unpack_from(data)
            at, fields = _HEAD.size, []
            for _ in range(count):
                name, text = _LENGTHS.unpack_from(data, at)
                middle = at + _LENGTHS.size + name
                at = middle + text
                if at > len(data):
                    return None
                fields.append((data[middle - name : middle].decode("latin-1"),
                               data[middle:at].decode("latin-1")))  # fmt: skip
        except struct.error:
            return None
        if len(data) - at != length or not 200 <= status < 600:
            return None
        return cls(status, tuple(fields), data[at:])


def answered(kept: Kept, asked: Asked, age: float | None) -> Kept:
    """What a request gets: the whole, its head alone, or that it has it already.

    Args:
        kept: The answer that was kept.
        asked: The request; GET or HEAD.
        age: Seconds since it was made; ``None`` where it was made for this request.
    """
    fields = kept.fields
    if age is not None:
        fields = (*fields, ("age", str(max(0, int(age)))))
    if kept.status == 200 and _not_modified(kept, asked):
        return Kept(304, tuple(field for field in fields if field[0] in _NOT_MODIFIED), b"")
    return Kept(kept.status, fields, b"" if asked.method == "HEAD" else kept.body)


def _not_modified(kept: Kept, asked: Asked) -> bool:
    """Sections 13.1.2 and 13.1.3, in the order of 13.2.2 of RFC 9110."""
    named = [name for name, _ in asked.fields]
    if "if-none-match" in named:
        tag = first(kept.fields, "etag").removeprefix("W/") or None
        members = list(listed(asked.fields, "if-none-match"))
        return "*" in members or tag in {each.removeprefix("W/") or "*" for each in members}
    if named.count("if-modified-since") == 1:
        since = read_date(first(asked.fields, "if-modified-since"))
        changed = read_date(first(kept.fields, "last-modified"))
        return since is not None and changed is not None and changed <= since
    return False
