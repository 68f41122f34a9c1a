"""Where requests go: ``http://host:port`` or ``unix:/path``, and whether that is this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from surefoot.errors import UsageError

__all__ = ["Address", "parse_address", "require_loopback", "split_url"]

# A listening Unix socket whose backlog is full refuses at once instead of waiting, as TCP does.
_BACKLOG_FULL_RETRY: Final = 0.005


@dataclass(frozen=True, slots=True)
class Address:
    """One listening socket."""

    host: str
    """Name or number of the host; the path of a Unix socket."""
    port: int = 0
    """0 for a Unix socket."""
    name: str = ""
    """What the host is called, where ``host`` is the number that was found for it."""

    def __str__(self) -> str:
        return f"http://{_bracketed(self.host)}:{self.port}" if self.port else f"unix:{self.host}"

    @property
    def header(self) -> str:
        """What the ``Host`` header says."""
        if not self.port:
            return "localhost"
        host = _bracketed(self.name or self.host)
        return host if self.port == 80 else f"{host}:{self.port}"

    async def resolved(self) -> list[Address]:
        """The same with the numbers that the host's name stands for.

        Raises:
            OSError: It stands for none.
        """
        if not self.port:
            return [self]
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        return [Address(str(entry[4][0]), self.port, self.host) for entry in found]

    async def connect(self, protocol: Callable[[], asyncio.Protocol], patience: float) -> None:
        """Open one connection and hand it to a new ``protocol``.

        Raises:
            OSError: It was refused, or not taken within ``patience`` seconds.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(patience):
            if self.port:
                await loop.create_connection(protocol, self.host, self.port)
                return
            sock = await self._unix(patience)
            try:
                await loop.create_unix_connection(protocol, sock=sock)
            except BaseException:
                sock.close()
                raise

    async def _unix(self, patience: float) -> socket.socket:
        deadline = asyncio.get_running_loop().time() + patience
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            while True:
                try:
                    sock.connect(self.host)
                except BlockingIOError:
                    if asyncio.get_running_loop().time() > deadline:
                        raise
                    await asyncio.sleep(_BACKLOG_FULL_RETRY)
                else:
                    return sock
        except BaseException:
            sock.close()
            raise


def parse_address(text: str) -> Address:
    """The address in ``"http://127.0.0.1:8000"``, ``"127.0.0.1:8000"`` or ``"unix:/run/a.sock"``.

    Raises:
        UsageError: It is none of these.
    """
    return split_url(text)[0]


def split_url(text: str) -> tuple[Address, str]:
    """Address and path of a URL; ``"unix:/run/a.sock:/books"`` names a path behind a Unix socket.

    Raises:
        UsageError: It is no such URL.
    """
    if text.startswith("unix:"):
        name, _, path = text.removeprefix("unix:").partition(":")
        if not name:
            raise UsageError(f"{text!r} names no socket", do="write unix:/path/of/the.sock")
        return Address(name), path or "/"
    url = text if "://" in text else f"http://{text}"
    if url.startswith("https://"):
        raise UsageError(
            "https:// cannot be loaded yet", do="name the plain HTTP port behind the TLS"
        )
    # Braces are places of a template; urlsplit keeps them as they are.
    try:
        parts = urlsplit(url)
        port = 80 if parts.port is None else parts.port
    except ValueError as error:
        raise UsageError(f"{text!r} is no address: {error}") from None
    if parts.scheme != "http" or not parts.hostname or not port:
        raise UsageError(f"{text!r} is no address", do="write http://127.0.0.1:8000/path")
    if parts.username is not None:
        # Not the text itself: it would show the password.
        raise UsageError(
            f"the address of {parts.hostname} names a user, and nobody is logged in by that",
            do="leave it out, and set the header Authorization in the workload from a variable",
        )
    path = parts.path or "/"
    return Address(parts.hostname, port), f"{path}?{parts.query}" if parts.query else path


def require_loopback(addresses: Iterable[Address]) -> None:
    """Refuse to load a machine that may be somebody else's.

    Raises:
        UsageError: A host is not this one, or cannot be resolved.
    """
    for address in addresses:
        if address.port and not _is_loopback(address.host):
            raise UsageError(
                f"{address.host} is not this machine, and load can take a service down",
                do="add --i-own-this-host if it is yours to load",
            )


def _is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UsageError(f"{host} cannot be resolved: {error.strerror}") from None
    return all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in found)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
