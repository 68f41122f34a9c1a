"""Where slots are kept: in this process, in a file of this host, in Redis or Memcached."""

from __future__ import annotations

from surefoot.stores.urls import async_from_url, from_url

__all__ = ["async_from_url", "from_url"]
