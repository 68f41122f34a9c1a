"""Where the application is that a workload is for: to be started, or running already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from surefoot.config import Settings
from surefoot.toolbox.load.address import Address, require_loopback, split_url
from surefoot.toolbox.stack import Stack
from surefoot.toolbox.target import Application, Route

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the application is; nowhere, if neither is given."""

    settings: Settings
    application: Application | None = None
    """To be started."""
    url: str = ""
    """Of one that runs already."""
    owned: bool = False
    """Whether that may be a host other than this one."""

    @property
    def routes(self) -> tuple[Route, ...]:
        """The application's, where they are known."""
        return self.application.routes if self.application else ()

    @property
    def name(self) -> str:
        """What to call it."""
        return str(self.application.target) if self.application else self.url

    def __bool__(self) -> bool:
        return self.application is not None or bool(self.url)

    @asynccontextmanager
    async def running(self, *, tcp: bool = False) -> AsyncIterator[Address]:
        """Start the application if it does not run already; its address.

        Args:
            tcp: Whether it has to be one that everybody can speak to.

        Raises:
            UsageError: The URL is none, or is another machine's.
            ServerError: It does not come up.
        """
        if self.application is None:
            address, _ = split_url(self.url)
            if not self.owned:
                require_loopback([address])
            yield address
            return
        listen = "127.0.0.1:0" if tcp else None
        stack = Stack(self.application, self.settings, records=None, every=False, listen=listen)
        async with stack:
            yield split_url(stack.front or stack.replicas[0].address)[0]
