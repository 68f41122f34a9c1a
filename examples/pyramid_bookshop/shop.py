"""What the views share: settings, the database, the services and the outbox."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import httpx
import zope.sqlalchemy
from pyramid.request import Request
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from bookshop import storage
from bookshop.mail import Outbox
from bookshop.settings import Settings


@dataclass(slots=True)
class Shop:
    """One per application."""

    settings: Settings
    engine: Engine
    session: sessionmaker[Session]
    services: httpx.Client
    outbox: Outbox
    stock_lock: threading.Lock = field(default_factory=threading.Lock)
    prices: list[int] = field(default_factory=list)
    """The price list, once it was asked for as a whole."""

    def has(self, fault: str) -> bool:
        """Whether the shop has this fault."""
        return self.settings.has(fault)


def build(settings: Settings) -> Shop:
    """A shop on a database that is made when it is not there."""
    storage.prepare(settings.database_url)
    pool_size = 1 if settings.has("small-pool") else 10
    engine = create_engine(
        settings.database_url, pool_size=pool_size, max_overflow=0, pool_timeout=30
    )
    if engine.dialect.name == "sqlite":
        storage.tune(engine)
    services = httpx.Client(base_url=settings.services, timeout=5)
    return Shop(settings, engine, sessionmaker(engine), services, Outbox(settings.mail))


def session(request: Request) -> Session:
    """The request's session: committed and given back when its transaction ends."""
    made = request.shop.session()
    zope.sqlalchemy.register(made, transaction_manager=request.tm)
    return made
