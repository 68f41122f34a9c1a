"""Under which key an answer is kept: a hash of all of the request that may have made it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

from surefoot.core.cache.family import RESPONSES, beginnings
from surefoot.core.http_cache import names
from surefoot.core.http_cache.asked import Asked, cookies
from surefoot.core.http_cache.fields import values

__all__ = ["encodings", "primary", "secondary", "target"]

_ANSWER, _TARGET = beginnings(RESPONSES)
_BYTES: Final = 20
_FORMAT: Final = "2"


def primary(
    asked: Asked,
    route: str,
    *,
    fields: Collection[str] = (),
    listed: Collection[str] = (),
    ignored: Collection[str] = (),
    encoded: bool = False,
    everybody: bool = False,
    space: str = "",
) -> str:
    """The key of a request's answers.

    Args:
        asked: The request. GET and HEAD share a key: HEAD is answered from GET's answer.
        route: The template that its path matched.
        fields: Watched fields that are put into the key, as ``accept-language``.
        listed: Names of cookies that are.
        ignored: Fields that are left out of it.
        encoded: Whether answers differ by what the client can unpack.
        everybody: Whether who has a session finds it too. What was kept before that was so is not
            found: in its making it did not count who looked whether there is a session.
        space: Of the application, where several share a store.
    """
    parts = [
        _FORMAT, space, route, asked.scheme, asked.path, asked.raw, asked.query,
        # Two of a field are not one that holds both; and their order may count.
        *_flat(
            (name, value.lower() if name == "host" else value)
            for name, value in sorted(asked.fields, key=lambda field: field[0])
            if name not in ignored and (names.keyed(name) or name in fields)
        ),
        *_flat((name, value) for name, value in cookies(asked.fields) if name in listed),
        encodings(asked) if encoded else "",
        *(["everybody"] if everybody else []),
    ]  # fmt: skip
    return _ANSWER + _digest(parts)


def secondary(key: str, generation: bytes, asked: Asked, varied: Iterable[str]) -> str:
    """The key of the one of several answers that this request gets.

    Args:
        key: The primary one, under which the names are kept.
        generation: Of the slot that holds the names: with it all that varied by them is gone.
        asked: The request.
        varied: Names of the fields, in their order.
    """
    parts: list[str] = []
    for name in varied:
        found = [encodings(asked)] if name == "accept-encoding" else values(asked.fields, name)
        parts += [name, str(len(found)), *found]
    return f"{key}:{_digest([generation.hex(), *parts])}"


def target(asked: Asked, space: str = "") -> str:
    """The name of what a request is for, whatever its query and its other fields say.

    All answers hang on it, so that a request that writes to it makes them gone.
    """
    host = "".join(values(asked.fields, "host")).lower()
    return _TARGET + _digest([_FORMAT, space, asked.scheme, host, asked.path])


def encodings(asked: Asked) -> str:
    """``Accept-Encoding`` in one of the ways to write it."""
    found = values(asked.fields, "accept-encoding")
    members = [part.replace(" ", "").replace("\t", "") for part in ",".join(found).split(",")]
    return ",".join(sorted({member.lower() for member in members if member}))


def _flat(pairs: Iterable[tuple[str, str]]) -> list[str]:
    found = list(pairs)
    return [str(len(found)), *(part for pair in found for part in pair)]


def _digest(parts: Iterable[str]) -> str:
    # The length before each part: no two lists of parts make the same text.
    text = "".join([f"{len(part)}:{part}" for part in parts])
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=_BYTES).hexdigest()
