"""A WSGI application in front of which the process says how it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from surefoot.health.answers import Asked, Health

__all__ = ["Answering"]

Environ = dict[str, Any]


class Answering:
    """Answers some paths itself, and passes every other request on untouched.

    Args:
        app: The WSGI application.
        health: What answers.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], health: Health) -> None:
        self.app = app
        self._health = health
        self._paths = health.paths

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request."""
        if environ.get("PATH_INFO") not in self._paths:
            return self.app(environ, start_response)
        answer = self._health.answer(_asked(environ))
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        start_response(status, list(answer.headers))
        return [answer.body]


def _asked(environ: Environ) -> Asked:
    def header(name: str) -> str:
        return str(environ.get("HTTP_" + name.upper().replace("-", "_"), ""))

    peer = str(environ.get("REMOTE_ADDR") or "")
    return Asked(environ["PATH_INFO"], environ.get("REQUEST_METHOD", ""), peer, header)
