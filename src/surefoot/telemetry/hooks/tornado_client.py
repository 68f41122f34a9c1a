"""Tornado's HTTP client: a request until its body has been read."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from surefoot.telemetry.calls import measured_future

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "tornado.httpclient"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``fetch``, whichever of its two clients does the work."""
    client: Any = module.AsyncHTTPClient
    client.fetch = measured_future(recorder, client.fetch, _described)


def _described(_: Any, request: Any, *__: Any, **kwargs: Any) -> Any:
    url = urlsplit(getattr(request, "url", request))
    host = f"{url.hostname}:{url.port or (443 if url.scheme == 'https' else 80)}"
    method = getattr(request, "method", "") or kwargs.get("method", "GET")
    return f"http.{host}", f"{method} {host}", 1, None
