"""httpx, sync and async: a request from sending until its body has been read.

A response that is streamed ends, for this figure, with its head.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured, measured_async

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "httpx"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``send`` of both clients."""
    package: Any = module
    package.Client.send = measured(recorder, package.Client.send, _described)
    package.AsyncClient.send = measured_async(recorder, package.AsyncClient.send, _described)


def _described(_: Any, request: Any, *__: Any, **___: Any) -> Any:
    url = request.url
    host = f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"
    return f"http.{host}", f"{request.method} {host}", 1, None
