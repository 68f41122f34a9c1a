"""How a Redis server and a command are named, for both colours of its client."""

from __future__ import annotations

from typing import Any

__all__ = ["command", "pipeline"]


def command(client: Any, *args: Any, **_: Any) -> tuple[str, str, int, None]:
    """A single command: by its first word."""
    name = args[0] if args else ""
    return _server(client), name.decode() if isinstance(name, bytes) else str(name), 1, None


def pipeline(client: Any, *_: Any, **__: Any) -> tuple[str, str, int, None]:
    """Many commands in one round trip."""
    return _server(client), "PIPELINE", 1, None


def _server(client: Any) -> str:
    where = client.connection_pool.connection_kwargs
    path = where.get("path")
    if path:
        return f"cache.{path.rpartition('/')[2]}"
    return f"cache.{where.get('host', 'localhost')}:{where.get('port', 6379)}"
