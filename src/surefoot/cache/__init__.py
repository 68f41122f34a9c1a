"""Keeps what was computed for as long as it may be used, and lets one caller compute it.

    from surefoot.cache import Cache                      # AsyncCache alike, for event loops

    cache = Cache.from_url("redis://127.0.0.1:6379/0", local="16MB", name="books")

    @cache.cached(ttl="60s", stale="5m", tags=lambda number: [f"book:{number}"])
    def load(number: int) -> Book: ...

    cache.invalidate(tags=["book:7"])

Of all who want a value that is not there, in all processes that share the store, one computes it.
What may be stale is served while one computes the next. Nothing is served past ``ttl + stale``,
and nothing that was invalidated; a store that is away makes nothing fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surefoot.cache._async.cache import AsyncCache
    from surefoot.cache._sync.cache import Cache
    from surefoot.cache.values.codec import Codec

__all__ = ["AsyncCache", "Cache", "Codec"]

_WHERE = {"AsyncCache": "_async.cache", "Cache": "_sync.cache", "Codec": "values.codec"}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        import importlib  # noqa: PLC0415 - one colour is loaded, not both

        return getattr(importlib.import_module(f"surefoot.cache.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
