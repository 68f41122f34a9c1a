"""Whether the store of the cache answers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from surefoot.ports import Store
from surefoot.stores.urls import from_url

__all__ = ["Cache"]

_TRIAL: Final = "surefoot health"


class Cache:
    """Asks a store for a key that it does not have.

    Args:
        url: Of the store.
        directory: Where relative paths begin.
    """

    def __init__(self, url: str, directory: Path) -> None:
        guarded = from_url(url, directory)
        # The store itself: who guards it would not ask again before a trial of its own.
        self._store: Store = getattr(guarded, "store", guarded)

    def __call__(self) -> None:
        """Raises where it does not answer."""
        self._store.get([_TRIAL])
