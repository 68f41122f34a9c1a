"""Where a cache lies, and how a command speaks to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from surefoot import stores
from surefoot.cache.names import Names
from surefoot.config.rules import without_password
from surefoot.core.cache.family import RESPONSES
from surefoot.errors import UsageError
from surefoot.ports import Store
from surefoot.stores.listing import existing_file

__all__ = ["Place", "check_name"]


@dataclass(frozen=True, slots=True)
class Place:
    """A store by its URL.

    Raises:
        UsageError: What is kept there cannot be seen by any other process.
    """

    url: str = field(repr=False)
    directory: Path
    """Where a relative path begins."""

    def __post_init__(self) -> None:
        if self.scheme == "memory":
            raise UsageError(
                "memory:// is in each process of the application, and cannot be asked from here",
                do="look at the caches that surefoot measure shows; "
                "or give --url, or [cache] url, of a store that is shared",
            )

    @property
    def scheme(self) -> str:
        """``redis``, ``sqlite``, ..."""
        return self.url.partition("://")[0]

    @property
    def shown(self) -> str:
        """The URL without a password."""
        return without_password(self.url)

    @contextlib.contextmanager
    def opened(self) -> Iterator[Store]:
        """The store, which is closed in the end.

        Raises:
            ConfigError: The URL cannot be understood, or there is no such file.
        """
        if self.scheme == "sqlite":
            # To look is not to make one.
            existing_file(self.url, self.directory)
        store = stores.from_url(_patient(self.url), self.directory)
        try:
            yield store
        finally:
            store.close()


def _patient(url: str) -> str:
    """With time for a server that is far away: nobody's request waits here."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" or "timeout=" in rest:
        return url
    more = "timeout=2s" if scheme == "memcached" else "timeout=2s&connect_timeout=2s"
    return f"{url}{'&' if '?' in rest else '?'}{more}"


def check_name(name: str) -> None:
    """Whether a cache may be called so.

    Raises:
        ConfigError: It may not.
    """
    if name and name != RESPONSES:
        Names(name)
