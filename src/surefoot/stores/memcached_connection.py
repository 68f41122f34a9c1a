"""pymemcache's clients, one for each server, for one caller at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from surefoot.errors import ConfigError, StoreError, StoreRefusedError

__all__ = ["MemcachedConnection"]

_Answer = TypeVar("_Answer")

_IDLE_SECONDS: Final = 10.0
# What a server answers that goes on working.
_FULL: Final = (b"object too large", b"out of memory")
_clock = time.monotonic


class MemcachedConnection:
    """Connects to a server when it is first asked; of no use after an error but a refusal.

    Args:
        hosts: Pairs of host and port, or the path of a socket.
        timeout: Seconds for connecting, and for each answer.

    Raises:
        ConfigError: pymemcache is not installed.
    """

    __slots__ = ("_clients", "_hosts", "_timeout", "_used")

    def __init__(self, hosts: Sequence[Any], timeout: float) -> None:
        try:
            from pymemcache.client.base import Client  # noqa: PLC0415 - optional
        except ImportError as error:
            raise ConfigError(
                f"a Memcached URL needs the package pymemcache: {error}",
                do="pip install surefoot[memcached]",
            ) from error
        self._clients = [
            Client(
                host, connect_timeout=timeout, timeout=timeout, no_delay=True, default_noreply=False
            )
            for host in hosts
        ]
        self._hosts = hosts
        self._timeout = timeout
        self._used = _clock()

    def is_usable(self) -> bool:
        """False after ten idle seconds: the other side may have hung up."""
        return _clock() - self._used < _IDLE_SECONDS

    def get(self, host: int, name: bytes) -> bytes | None:
        """What is under this name."""
        found: bytes | None = self._asked(host, lambda: self._clients[host].get(name))
        return found

    def get_many(self, host: int, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """What is under these names."""
        client = self._clients[host]
        return self._asked(host, lambda: client.get_many(names))

    def gets(self, host: int, name: bytes) -> tuple[bytes | None, bytes | None]:
        """What is under this name, and a token for ``cas``."""
        found, token = self._asked(host, lambda: self._clients[host].gets(name))
        return found, token

    def set(self, host: int, items: dict[bytes, bytes], seconds: int) -> None:
        """Write these."""
        self._asked(host, lambda: self._clients[host].set_many(items, seconds))

    def add(self, host: int, name: bytes, item: bytes, seconds: int) -> bool:
        """Write where nothing is."""
        return bool(self._asked(host, lambda: self._clients[host].add(name, item, seconds)))

    def cas(self, host: int, name: bytes, item: bytes, seconds: int, token: bytes) -> bool:
        """Write where nothing has changed."""
        return bool(self._asked(host, lambda: self._clients[host].cas(name, item, token, seconds)))

    def delete(self, host: int, names: Sequence[bytes]) -> None:
        """Remove these."""
        self._asked(host, lambda: self._clients[host].delete_many(names))

    def flush(self, host: int) -> None:
        """Remove everything."""
        self._asked(host, self._clients[host].flush_all)

    def stats(self, host: int) -> tuple[str, dict[str, int]]:
        """Its address, and its counters by name."""
        told: dict[bytes, Any] = self._asked(host, self._clients[host].stats)
        return self._where(host), {
            name.decode(): value for name, value in told.items() if isinstance(value, int)
        }

    def close(self) -> None:
        """Hang up."""
        for client in self._clients:
            client.close()

    def _asked(self, host: int, ask: Callable[[], _Answer]) -> _Answer:
        try:
            answer = ask()
        except Exception as error:
            raise self._explained(host, error) from error
        self._used = _clock()
        return answer

    def _where(self, host: int) -> str:
        address = self._hosts[host]
        return address if isinstance(address, str) else "{}:{}".format(*address)

    def _explained(self, host: int, error: Exception) -> StoreError:
        where = f"Memcached at {self._where(host)}"
        if isinstance(error, TimeoutError):
            return StoreError(f"{where} did not answer within {self._timeout * 1000:.0f} ms")
        text = error.args[0] if error.args else ""
        if isinstance(text, bytes):
            if text.startswith(_FULL):
                words = text.decode("ascii", "replace")
                return StoreRefusedError(
                    f"{where} refuses: {words}", do="keep smaller values, or raise its -I and -m"
                )
            return StoreError(f"{where} answers {text.decode('ascii', 'replace')}")
        return StoreError(f"{where} cannot be reached: {error}")
