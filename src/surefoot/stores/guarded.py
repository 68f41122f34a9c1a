"""A store behind a breaker, for threads and for event loops."""

from __future__ import annotations

from surefoot.stores._async.guarded import AsyncGuarded
from surefoot.stores._sync.guarded import Guarded

__all__ = ["AsyncGuarded", "Guarded"]
