"""urllib3 used by itself: a request until its body, or with streaming its head, has been read."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "urllib3.connectionpool"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``urlopen``, with its retries and redirects inside."""
    package: Any = module
    pool = package.HTTPConnectionPool
    pool.urlopen = measured(recorder, pool.urlopen, _described)


def _described(pool: Any, method: str, *_: Any, **__: Any) -> Any:
    host = f"{pool.host}:{pool.port or (443 if pool.scheme == 'https' else 80)}"
    return f"http.{host}", f"{method} {host}", 1, None
