"""An ASGI application in front of which the process says how it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from surefoot.health.answers import Asked, Health

__all__ = ["Answering"]

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Answering:
    """Answers some paths itself, and passes everything else on untouched.

    Args:
        app: The ASGI application.
        health: What answers.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], health: Health) -> None:
        self.app = app
        self._health = health
        self._paths = health.paths
        self._ends = tuple(health.paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or whatever else."""
        if (
            scope["type"] != "http"
            # Nearly every request is told by its last letters, without a look at its mount.
            or not scope["path"].endswith(self._ends)
            or (path := _path(scope)) not in self._paths
        ):
            await self.app(scope, receive, send)
            return
        answer = await self._health.answer_async(_asked(scope, path))
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def _path(scope: Scope) -> str:
    """Without what a server was told that the application is mounted under."""
    path, root = str(scope["path"]), scope.get("root_path")
    return path.removeprefix(root) if root else path


def _asked(scope: Scope, path: str) -> Asked:
    def header(name: str) -> str:
        wanted = name.encode()
        found = (value for key, value in scope["headers"] if key == wanted)
        return b", ".join(found).decode("latin-1")

    client = scope.get("client")
    return Asked(path, scope["method"], str(client[0]) if client else "", header)
