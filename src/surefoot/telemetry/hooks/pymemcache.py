"""pymemcache: every command. Its pooled and hashing clients are built on the one wrapped here."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "pymemcache.client.base"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the three methods through which every command goes."""
    kind: Any = module.Client
    kind._fetch_cmd = measured(recorder, kind._fetch_cmd, _named)  # noqa: SLF001 - every read
    kind._store_cmd = measured(recorder, kind._store_cmd, _named)  # noqa: SLF001 - every write
    kind._misc_cmd = measured(recorder, kind._misc_cmd, _misc)  # noqa: SLF001 - all the rest


def _named(client: Any, name: bytes, *_: Any, **__: Any) -> Any:
    return _server(client), name.decode().upper(), 1, None


def _misc(client: Any, _: Any, name: bytes, *__: Any, **___: Any) -> Any:
    return _server(client), name.decode().upper(), 1, None


def _server(client: Any) -> str:
    server = client.server
    return f"cache.{server[0]}:{server[1]}" if isinstance(server, tuple) else f"cache.{server}"
