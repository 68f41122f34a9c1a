"""http.client, which ``urllib.request`` and many clients are built on.

Connecting, sending, waiting for the head and reading the body are separate calls; the request is
counted once, with its head.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "http.client"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap what waits for the network."""
    package: Any = module
    connection, response = package.HTTPConnection, package.HTTPResponse
    connection.connect = measured(recorder, connection.connect, _connect)
    connection.request = measured(recorder, connection.request, _request)
    connection.getresponse = _remembering(measured(recorder, connection.getresponse, _head))
    for name in ("read", "readinto", "readline"):
        setattr(response, name, measured(recorder, getattr(response, name), _body))


def _host(connection: Any) -> str:
    return f"{connection.host}:{connection.port}"


def _connect(connection: Any, *_: Any, **__: Any) -> Any:
    host = _host(connection)
    return f"http.{host}", "(connect)", 0, None


def _request(connection: Any, method: str, *_: Any, **__: Any) -> Any:
    host = _host(connection)
    return f"http.{host}", f"{method} {host}", 0, None


def _head(connection: Any, *_: Any, **__: Any) -> Any:
    host = _host(connection)
    return f"http.{host}", f"{connection._method} {host}", 1, None  # noqa: SLF001 - kept nowhere else


def _body(response: Any, *_: Any, **__: Any) -> Any:
    host = getattr(response, "surefoot_host", "(unknown)")
    return f"http.{host}", f"{response._method} {host}", 0, None  # noqa: SLF001 - kept nowhere else


def _remembering(getresponse: Any) -> Any:
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        response = getresponse(self, *args, **kwargs)
        response.surefoot_host = _host(self)
        return response

    return run
