"""A Tornado application in front of which the process says how it is."""

from __future__ import annotations

import asyncio
import functools
from http import HTTPStatus
from typing import Any

from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    ResponseStartLine,
)
from tornado.iostream import StreamClosedError

from surefoot.health.answers import Asked, Health

__all__ = ["Answering"]


def Answering(app: Any, health: Health) -> Any:  # noqa: N802 - as the classes for WSGI and ASGI
    """The same application, which looks for a handler for every other path only."""
    inner = getattr(app, "app", app)
    find = inner.find_handler

    @functools.wraps(find)
    def find_handler(request: HTTPServerRequest, **kwargs: Any) -> Any:
        if request.path in health.paths:
            return _Answer(request, health)
        return find(request, **kwargs)

    inner.find_handler = find_handler
    return app


class _Answer(HTTPMessageDelegate):  # type: ignore[misc]
    """One request, answered without a handler: none is recorded, logged or compressed."""

    def __init__(self, request: HTTPServerRequest, health: Health) -> None:
        self._request = request
        self._health = health
        self._task: asyncio.Task[None] | None = None

    def finish(self) -> None:
        """The request is read."""
        self._task = asyncio.get_running_loop().create_task(self._answer())

    def on_connection_close(self) -> None:
        """Nobody waits for the answer any more."""
        if self._task is not None:
            self._task.cancel()

    async def _answer(self) -> None:
        connection = self._request.connection
        answer = await self._health.answer_async(_asked(self._request))
        line = ResponseStartLine("", answer.status, HTTPStatus(answer.status).phrase)
        try:
            await connection.write_headers(line, HTTPHeaders(dict(answer.headers)), answer.body)
            connection.finish()
        except StreamClosedError:
            pass


def _asked(request: HTTPServerRequest) -> Asked:
    return Asked(
        request.path,
        request.method,
        str(request.remote_ip or ""),
        lambda name: str(request.headers.get(name, "")),
    )
