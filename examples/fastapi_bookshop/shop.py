"""What the views share: settings, the database, the services and the outbox."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

import httpx
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from bookshop import storage
from bookshop.mail import Outbox
from bookshop.settings import Settings


@dataclass(slots=True)
class Shop:
    """One per application."""

    settings: Settings
    engine: AsyncEngine
    session: async_sessionmaker[AsyncSession]
    services: httpx.AsyncClient
    blocking: httpx.Client
    """The same services, asked in a way that stops the event loop meanwhile."""
    outbox: Outbox
    stock_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    prices: list[int] = field(default_factory=list)
    """The price list, once it was asked for as a whole."""

    def has(self, fault: str) -> bool:
        """Whether the shop has this fault."""
        return self.settings.has(fault)

    async def close(self) -> None:
        """Give back connections and threads."""
        await asyncio.to_thread(self.outbox.close)
        await self.services.aclose()
        self.blocking.close()
        await self.engine.dispose()


def build(settings: Settings) -> Shop:
    """A shop on a database that is made when it is not there."""
    storage.prepare(settings.database_url)
    pool_size = 1 if settings.has("small-pool") else 20
    url = settings.database_url.replace("sqlite://", "sqlite+aiosqlite://")
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=30)
    if engine.dialect.name == "sqlite":
        storage.tune(engine.sync_engine)
    return Shop(
        settings,
        engine,
        async_sessionmaker(engine),
        httpx.AsyncClient(base_url=settings.services, timeout=5),
        httpx.Client(base_url=settings.services, timeout=5),
        Outbox(settings.mail),
    )


async def _current(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


Here = Annotated[Shop, Depends(_current)]
"""A view's argument: the shop of the application that serves this request."""
