"""What the views share: settings, the services and the outbox."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass, field

import httpx
from django.conf import settings

from bookshop.mail import Outbox
from bookshop.settings import Settings


@dataclass(slots=True)
class Shop:
    """One per process."""

    settings: Settings
    services: httpx.Client
    outbox: Outbox
    stock_lock: threading.Lock = field(default_factory=threading.Lock)
    prices: list[int] = field(default_factory=list)
    """The price list, once it was asked for as a whole."""

    def has(self, fault: str) -> bool:
        """Whether the shop has this fault."""
        return self.settings.has(fault)


@functools.cache
def current() -> Shop:
    """The shop of this process."""
    given: Settings = settings.SHOP
    services = httpx.Client(base_url=given.services, timeout=5)
    return Shop(given, services, Outbox(given.mail))
