"""aiosmtplib: connecting and sending; each message counts once."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured_async

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "aiosmtplib.smtp"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap what talks to the server."""
    kind: Any = module.SMTP
    kind.sendmail = measured_async(recorder, kind.sendmail, _message)
    for name in ("connect", "quit"):
        setattr(kind, name, measured_async(recorder, getattr(kind, name), _part))


def _part(client: Any, *_: Any, **kwargs: Any) -> Any:
    return _resource(client, kwargs), "mail", 0, None


def _message(client: Any, *_: Any, **__: Any) -> Any:
    return _resource(client, {}), "mail", 1, None


def _resource(client: Any, given: Any) -> str:
    host = given.get("hostname") or client.hostname or "localhost"
    port = given.get("port") or client.port or 25
    return f"smtp.{host}:{port}"
