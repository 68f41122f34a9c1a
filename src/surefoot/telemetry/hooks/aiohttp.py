"""aiohttp's client: a request until its head, and the reading of its body."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured_async

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "aiohttp.client"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the session's one way out and the response's one way in."""
    package: Any = module
    session, response = package.ClientSession, package.ClientResponse
    session._request = measured_async(recorder, session._request, _request)  # noqa: SLF001 - get, post and the rest all end there
    response.read = measured_async(recorder, response.read, _read)


def _request(session: Any, method: str, url: Any, *_: Any, **__: Any) -> Any:
    host = _host(session._build_url(url))  # noqa: SLF001 - applies the session's base address
    return f"http.{host}", f"{method} {host}", 1, None


def _read(response: Any, *_: Any, **__: Any) -> Any:
    host = _host(response.url)
    return f"http.{host}", f"{response.method} {host}", 0, None


def _host(url: Any) -> str:
    return f"{url.host}:{url.port}"
