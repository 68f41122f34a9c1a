"""smtplib: connecting, logging in and sending; each message counts once."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "smtplib"

_PARTS = ("ehlo", "helo", "starttls", "login", "noop", "rset", "quit", "mail", "rcpt")


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap what talks to the server."""
    kind: Any = module.SMTP
    kind.connect = _remembering(measured(recorder, kind.connect, _part))
    for name in _PARTS:
        setattr(kind, name, measured(recorder, getattr(kind, name), _part))
    for name in ("data", "sendmail"):
        setattr(kind, name, measured(recorder, getattr(kind, name), _message))


def _part(client: Any, *_: Any, **__: Any) -> Any:
    host = getattr(client, "surefoot_host", "(unknown)")
    return f"smtp.{host}", "mail", 0, None


def _message(client: Any, *_: Any, **__: Any) -> Any:
    host = getattr(client, "surefoot_host", "(unknown)")
    return f"smtp.{host}", "mail", 1, None


def _remembering(connect: Any) -> Any:
    def run(self: Any, host: str = "localhost", port: int = 0, *args: Any, **kwargs: Any) -> Any:
        named = ":" in host and not port
        self.surefoot_host = host if named else f"{host}:{port or self.default_port}"
        return connect(self, host, port, *args, **kwargs)

    return run
