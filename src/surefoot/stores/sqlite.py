"""One SQLite file as a store, for threads and for event loops."""

from __future__ import annotations

from surefoot.stores._async.sqlite import AsyncSQLiteStore
from surefoot.stores._sync.sqlite import SQLiteStore

__all__ = ["AsyncSQLiteStore", "SQLiteStore"]
