"""Whether anybody listens where the broker is."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import Final
from urllib.parse import unquote, urlsplit

from surefoot.errors import ConfigError

__all__ = ["Broker"]

_PORTS: Final = {
    "amqp": 5672, "pyamqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379, "sentinel": 26379,
    "valkey": 6379, "kafka": 9092, "confluentkafka": 9092, "nats": 4222, "stomp": 61613,
}  # fmt: skip
_UNIX: Final = frozenset({"unix", "redis+socket"})

Address = tuple[str, int] | str
"""Host and port, or the path of a Unix socket."""


class Broker:
    """Connects to a broker, and says nothing.

    Args:
        url: One URL, or several of which one that answers is enough, as Celery takes them: with
            semicolons between.
        timeout: Seconds for all of them.

    Raises:
        ConfigError: It names no host.
    """

    def __init__(self, url: str, timeout: float) -> None:
        several = [each.strip() for each in url.split(";") if each.strip()]
        self._addresses = [_address(each) for each in several or [""]]
        self._timeout = timeout / len(self._addresses)

    def __call__(self) -> None:
        """Raises where nobody listens."""
        failed: OSError | None = None
        for address in self._addresses:
            try:
                self._connect(address)
            except OSError as error:
                failed = error
            else:
                return
        assert failed is not None
        raise failed

    def _connect(self, address: Address) -> None:
        if not isinstance(address, str):
            socket.create_connection(address, self._timeout).close()
            return
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
            probe.settimeout(self._timeout)
            probe.connect(address)


def _address(url: str) -> Address:
    scheme = url.partition("://")[0].lower()
    plain = scheme.partition("+")[0]
    try:
        parts = urlsplit(url)
        if scheme in _UNIX and parts.path:
            return unquote(parts.path)
        port = parts.port or _PORTS.get(plain)
        if parts.hostname and port:
            return parts.hostname, port
    except ValueError:
        # Its words would hold the URL, and so the password.
        pass
    name = scheme if re.fullmatch(r"[a-z0-9+]+", scheme) and "://" in url else "what it holds"
    raise ConfigError(
        f"the URL of a broker names a host and a port, and {name} does not",
        do="write it as amqp://broker:5672 or redis://broker:6379",
    )
