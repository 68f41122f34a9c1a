"""The copies in this process that go with a store."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from surefoot.cache.counts import Counts
from surefoot.cache.local import Copy, Local
from surefoot.cache.names import Names
from surefoot.cache.unsaid import unsaid
from surefoot.cache.values.codec import Codec
from surefoot.cache.values.sharing import is_shareable
from surefoot.core.cache.frame import Frame
from surefoot.units import parse_bytes

__all__ = ["Copies", "Found", "local_for"]

_UNHEARD: Final = 1.0
"""Seconds that a copy lives where nobody tells of changes."""


def local_for(url: str, names: Names, said: int | str | None) -> Local | None:
    """Copies of what lies in the store of a URL; ``None`` where there are to be none.

    Args:
        url: Of the store.
        names: Of the cache.
        said: How large they may become, as the code says.

    Raises:
        UnitError: The size cannot be read.
        ConfigError: It is nothing, or the URL cannot be understood.
    """
    size = unsaid.size(said, url)
    if size is None:
        return None
    scheme = url.partition("://")[0]
    room = parse_bytes(size)
    if scheme in {"redis", "rediss", "unix"}:
        from surefoot.stores.redis_options import redis_options  # noqa: PLC0415 - only for Redis
        from surefoot.stores.redis_watch import RedisWatch  # noqa: PLC0415

        local = Local(room, names)
        local.watch = RedisWatch(redis_options(url), names.prefix, local.heard)
        return local
    # Only this process writes to its memory.
    return Local(room, names, longest=math.inf if scheme == "memory" else _UNHEARD)


class Found(NamedTuple):
    """A copy that may be used."""

    value: Any


class Copies:
    """Values of one cache that this process has copies of; of a cache without any, none.

    Args:
        local: Where they are.
        names: Of the cache.
        codec: Reads those that callers may not share.
        counts: Counts those that are served.
    """

    def __init__(self, local: Local | None, names: Names, codec: Codec, counts: Counts) -> None:
        self._local = local
        self._names = names
        self._codec = codec
        self._counts = counts

    def find(self, key: str, kind: Any) -> Found | None:
        """The value of a key, if there is a copy that was read as this type."""
        if self._local is None:
            return None
        copy = self._local.find(self._names.slot(key))
        if copy is None or copy.type is not kind:
            return None
        self._counts.local += 1
        if copy.frame is None:
            return Found(copy.value)
        return Found(self._codec.decode(key, copy.frame, kind))

    def ticket(self) -> int:
        """To be taken before a value is read from the store."""
        return self._local.ticket() if self._local is not None else 0

    def keep(self, key: str, frame: Frame, value: Any, kind: Any, ticket: int) -> None:
        """Keep a fresh value that was read with a ticket."""
        if self._local is None:
            return
        shared = is_shareable(value)
        copy = Copy(value, None, kind) if shared else Copy(None, frame, kind)
        seconds = (frame.fresh - time.time_ns() // 1_000_000) / 1000
        self._local.keep(self._names.slot(key), copy, frame, seconds, ticket)

    def drop(self, keys: Iterable[str], tags: Iterable[str]) -> None:
        """Forget the values of these keys, and what hangs on these tags."""
        if self._local is not None:
            self._local.drop([*map(self._names.slot, keys), *map(self._names.tag, tags)])

    def drop_all(self) -> None:
        """Forget all of them."""
        if self._local is not None:
            self._local.drop(None)

    def close(self) -> None:
        """Forget all, and listen no more."""
        if self._local is not None:
            self._local.watch.stop()
        self.drop_all()
