"""Memcached as a store, for threads.

There is none for event loops. aiomcache 0.8.2, the only client for them, reads on for ever without
yielding when a server hangs up in the middle of a command, so that no timeout can end it and the
whole loop stands still; and a call that is cancelled leaves its answer to the next one.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from surefoot.errors import ConfigError, StoreError, StoreRefusedError
from surefoot.ports import Store
from surefoot.stores._sync.connections import Connections
from surefoot.stores.memcached_connection import MemcachedConnection
from surefoot.stores.slots import added, encoded, milliseconds
from surefoot.units import parse_duration

__all__ = ["MemcachedStore", "memcached_hosts"]

_Answer = TypeVar("_Answer")

_DEFAULT_PORT: Final = 11211
_DEFAULT_TIMEOUT: Final = 0.04
# Memcached's keys: at most 250 bytes without spaces and control characters.
_PLAIN: Final = re.compile(rb"[!-~]{1,200}")
_HASHED: Final = b"sf#"
# Others who change the same slot at once: one of them gets through each time.
_TRIES: Final = 200


@dataclass(frozen=True, slots=True)
class _Item:
    """What lies in Memcached: when it expires, in 8 bytes, and the slot."""

    expires: int
    """Milliseconds since 1970. Memcached counts in seconds, and does not tell what is left."""
    data: bytes

    def pack(self) -> bytes:
        return self.expires.to_bytes(8, "big") + self.data

    @classmethod
    def living(cls, packed: bytes | None, now: int) -> _Item | None:
        """The item, unless there is none or it has expired."""
        if packed is None or len(packed) < 8:
            return None
        item = cls(int.from_bytes(packed[:8], "big"), packed[8:])
        return item if item.expires > now else None

    def seconds(self, now: int) -> int:
        """What Memcached is told; it may expire an item most of a second before its time."""
        left = (self.expires - now) // 1000 + 2
        # More than 30 days would be taken for an instant.
        return left if left <= 2_592_000 else int(now / 1000) + left


class MemcachedStore(Store):
    """Slots behind their time of expiry; swap, patch and incr by compare and swap.

    Several servers share the keys by rendezvous hashing (Thaler and Ravishankar, 1998). A server
    that is down is not replaced by another: its slots would be back, old ones, when it is. So the
    store as a whole fails while one of its servers does.

    Args:
        url: ``memcached://host:port,host:port`` or ``memcached:///path/of/a/socket``; after a
            question mark ``timeout``, a duration, 40 ms for connecting and for each answer.

    Raises:
        ConfigError: The URL cannot be understood.
    """

    clears_all = True
    """It cannot list what it holds, so that to clear one cache is to clear everything."""

    def __init__(self, url: str) -> None:
        self._hosts, self._timeout = memcached_hosts(url)
        self._names = [str(host).encode() for host in self._hosts]
        self._connections = Connections(self._open)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._hosts}>"

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """As ``Store.get``."""
        names = [_name(key) for key in keys]
        if len(names) == 1:
            item = self._with(lambda connection: self._read_one(connection, names[0]))
            return [item.data if item else None]
        read = self._with(lambda connection: self._read(connection, dict.fromkeys(names)))
        return [item.data if (item := read.get(name)) else None for name in names]

    def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """As ``Store.put``."""
        now = _now()
        expires = now + milliseconds(ttl)
        items = {_name(key): _Item(expires, data) for key, data in slots.items()}
        packed = {name: item.pack() for name, item in items.items()}
        seconds = _Item(expires, b"").seconds(now)

        def write(connection: MemcachedConnection) -> None:
            for host, names in self._by_host(packed).items():
                connection.set(host, {name: packed[name] for name in names}, seconds)

        self._with(write)

    def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """As ``Store.swap``."""
        lifetime = milliseconds(ttl)

        def change(item: _Item | None) -> _Item | None:
            begins = item is None if not expect else item and item.data.startswith(expect)
            return _Item(_now() + lifetime, data) if begins else None

        return self._change(key, change) is not None

    def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """As ``Store.patch``."""

        def change(item: _Item | None) -> _Item | None:
            if item is None or not item.data.startswith(expect):
                return None
            return _Item(item.expires, head + item.data[len(head) :])

        return self._change(key, change) is not None

    def delete(self, keys: Sequence[str]) -> int:
        """As ``Store.delete``."""
        names = dict.fromkeys(_name(key) for key in keys)

        def remove(connection: MemcachedConnection) -> int:
            # Memcached would count what has expired by its head, too.
            living = self._read(connection, names)
            for host, mine in self._by_host(names).items():
                connection.delete(host, mine)
            return len(living)

        return self._with(remove)

    def incr(self, key: str, by: int, ttl: float) -> int:
        """As ``Store.incr``."""
        lifetime = milliseconds(ttl)

        def change(item: _Item | None) -> _Item:
            number = added(item.data if item else None, by)
            return _Item(item.expires if item else _now() + lifetime, b"%d" % number)

        written = self._change(key, change)
        assert written is not None, "adding always writes"
        return int(written.data)

    def stats(self) -> dict[str, dict[str, int]]:
        """What each server says of itself: its counters, by name.

        Raises:
            StoreError: One does not answer.
        """

        def asked(connection: MemcachedConnection) -> dict[str, dict[str, int]]:
            return dict(connection.stats(host) for host in range(len(self._hosts)))

        return self._with(asked)

    def clear(self, prefix: str) -> None:  # noqa: ARG002 - it cannot list its keys
        """As ``Clearing.clear``: everything goes, that of others too."""

        def flush(connection: MemcachedConnection) -> None:
            for host in range(len(self._hosts)):
                connection.flush(host)

        self._with(flush)

    def close(self) -> None:
        """As ``Store.close``."""
        self._connections.close()

    def _open(self) -> MemcachedConnection:
        return MemcachedConnection(self._hosts, self._timeout)

    def _read_one(self, connection: MemcachedConnection, name: bytes) -> _Item | None:
        return _Item.living(connection.get(self._host(name), name), _now())

    def _read(self, connection: MemcachedConnection, names: Iterable[bytes]) -> dict[bytes, _Item]:
        now = _now()
        found: dict[bytes, _Item] = {}
        for host, mine in self._by_host(names).items():
            for name, packed in connection.get_many(host, mine).items():
                item = _Item.living(packed, now)
                if item is not None:
                    found[name] = item
        return found

    def _change(self, key: str, change: Callable[[_Item | None], _Item | None]) -> _Item | None:
        """What was written; ``None`` if ``change`` did not want to."""
        name = _name(key)
        host = self._host(name)
        return self._with(lambda connection: _changed(connection, host, name, change))

    def _by_host(self, names: Iterable[bytes]) -> dict[int, list[bytes]]:
        shares: dict[int, list[bytes]] = defaultdict(list)
        for name in names:
            shares[self._host(name)].append(name)
        return shares

    def _host(self, name: bytes) -> int:
        if len(self._names) == 1:
            return 0
        ranks = [blake2b(name, digest_size=8, key=host[-64:]).digest() for host in self._names]
        return ranks.index(max(ranks))

    def _with(self, work: Callable[[MemcachedConnection], _Answer]) -> _Answer:
        connection = self._connections.take()
        try:
            answer = work(connection)
        except StoreRefusedError:
            self._connections.give(connection)
            raise
        except BaseException:
            self._connections.drop(connection)
            raise
        self._connections.give(connection)
        return answer


def _changed(
    connection: MemcachedConnection,
    host: int,
    name: bytes,
    change: Callable[[_Item | None], _Item | None],
) -> _Item | None:
    for _ in range(_TRIES):
        packed, token = connection.gets(host, name)
        now = _now()
        item = change(_Item.living(packed, now))
        if item is None:
            return None
        if token is None:
            done = connection.add(host, name, item.pack(), item.seconds(now))
        else:
            done = connection.cas(host, name, item.pack(), item.seconds(now), token)
        if done:
            return item
    raise StoreError("too many callers change the same slot of Memcached at once")


def memcached_hosts(url: str) -> tuple[tuple[Any, ...], float]:
    """Addresses, and seconds for an answer.

    Raises:
        ConfigError: The URL cannot be understood.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options.keys() - {"timeout"}:
        raise ConfigError(f"a Memcached URL has no option {name!r}", do="use timeout")
    if "@" in parts.netloc:
        raise ConfigError("Memcached is spoken to without user and password")
    text = options.get("timeout", "")
    timeout = parse_duration(f"{text}s" if text.isdigit() else text) if text else _DEFAULT_TIMEOUT
    if not timeout > 0:
        raise ConfigError(f"timeout={text}: it has to be above 0")
    if not parts.netloc:
        if not parts.path:
            raise ConfigError(
                "a memcached:// URL names a server, as in memcached://127.0.0.1:11211"
            )
        return (unquote(parts.path),), timeout
    return tuple(_host_and_port(host) for host in parts.netloc.split(",")), timeout


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, str(_DEFAULT_PORT)
    if not host or not port.isdigit():
        raise ConfigError("each Memcached server is a host and a port, as in 127.0.0.1:11211")
    return host.strip("[]"), int(port)


def _name(key: str) -> bytes:
    raw = encoded(key)
    if _PLAIN.fullmatch(raw) and not raw.startswith(_HASHED):
        return raw
    return _HASHED + blake2b(raw, digest_size=16).hexdigest().encode()


def _now() -> int:
    return time.time_ns() // 1_000_000
