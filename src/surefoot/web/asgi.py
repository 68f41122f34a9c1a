"""Any ASGI application, with every request told to the recorder.

Websockets and the lifespan are passed on untouched.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from surefoot.telemetry import Recorder
from surefoot.telemetry.request import Request
from surefoot.telemetry.steps import follow_tasks
from surefoot.web import matched
from surefoot.web.queued import queued_ns

__all__ = ["Recorded"]

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Recorded:
    """Passes every call on unchanged and records it.

    Args:
        app: The ASGI application.
        recorder: What ``surefoot.telemetry.install`` returned.
    """

    def __init__(self, app: Callable[..., Any], recorder: Recorder) -> None:
        self.app = app
        self._recorder = recorder
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; it ends when the application returns, its answer with the last byte."""
        recorder = self._recorder
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            recorder.flush()
            return
        try:
            request = self._begin(scope)
        except Exception as error:  # noqa: BLE001 - telemetry never breaks a request
            recorder.fault(error)
            await self.app(scope, receive, send)
            return

        def sending(message: dict[str, Any]) -> Awaitable[None]:
            kind = message["type"]
            if kind == "http.response.start":
                request.status = message.get("status", 0)
            elif not message.get("more_body") and kind.startswith("http.response."):
                request.answered_ns = time.perf_counter_ns()
            return send(message)

        root = scope.get("root_path", "")
        try:
            await recorder.drive(self.app(scope, receive, sending), request)
        except BaseException:
            if not request.answered_ns:
                request.status = 500
            raise
        finally:
            self._end(request, scope, root)

    def _begin(self, scope: Scope) -> Request:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            follow_tasks(loop, self._recorder)
            self._recorder.heed(loop)
        waited = 0
        for name, value in scope["headers"]:
            if name == b"x-request-start":
                waited = queued_ns(value.decode("latin-1"), time.time_ns())
        return self._recorder.begin_task(scope["method"], waited)

    def _end(self, request: Request, scope: Scope, root: str) -> None:
        recorder = self._recorder
        try:
            request.route = request.route or _route(scope, root, request.status)
            recorder.finish(request)
        except Exception as error:  # noqa: BLE001 - telemetry never breaks a request
            recorder.fault(error)


def _route(scope: Scope, root: str, status: int) -> str:
    return matched.route(scope, root) or ("(unmatched)" if status == 404 else "(unknown)")
