"""Redis as a store, for threads and for event loops."""

from __future__ import annotations

from surefoot.stores._async.redis import AsyncRedisStore
from surefoot.stores._sync.redis import RedisStore

__all__ = ["AsyncRedisStore", "RedisStore"]
