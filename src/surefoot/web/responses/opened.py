"""The store that ``[cache] url`` names, for threads or for event loops."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from surefoot.errors import ConfigError

__all__ = ["opened"]

_KINDS: Final = "memory://, sqlite:///PATH"


def opened(url: str, wanted: str, directory: Path) -> Any:
    """A store.

    Args:
        url: ``memory://`` or ``sqlite:///PATH``; a relative path starts at ``directory``.
        wanted: ``"wsgi"`` or ``"asgi"``.
        directory: Of the application.

    Raises:
        ConfigError: There is no such store.
    """
    parts = urlsplit(url)
    # Late: only the store that is used is loaded.
    if parts.scheme == "memory":
        from surefoot.stores.inline import AsyncInline  # noqa: PLC0415
        from surefoot.stores.memory import MemoryStore  # noqa: PLC0415

        store = MemoryStore()
        return store if wanted == "wsgi" else AsyncInline(store)
    if parts.scheme == "sqlite" and parts.path.strip("/"):
        from surefoot.stores.sqlite import AsyncSQLiteStore, SQLiteStore  # noqa: PLC0415

        # As SQLAlchemy writes it: three slashes for a relative path, four for an absolute one.
        path = directory / parts.path[1:]
        return SQLiteStore(path) if wanted == "wsgi" else AsyncSQLiteStore(path)
    raise ConfigError(
        f"[cache] url begins with {parts.scheme or 'no scheme'}: no store for answers is called so",
        do=f"write one of {_KINDS}",
    )
