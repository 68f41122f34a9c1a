"""requests: a request from sending until its body has been read."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from surefoot.telemetry.calls import measured

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "requests.sessions"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``Session.send``; urllib3 beneath it is then part of it."""
    package: Any = module

    def described(_: Any, request: Any, *__: Any, **___: Any) -> Any:
        url = urlsplit(request.url)
        host = f"{url.hostname}:{url.port or (443 if url.scheme == 'https' else 80)}"
        return f"http.{host}", f"{request.method} {host}", 1, None

    package.Session.send = measured(recorder, package.Session.send, described)
