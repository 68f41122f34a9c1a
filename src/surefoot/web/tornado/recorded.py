"""A Tornado application, with every request told to the recorder."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tornado.httputil import HTTPServerConnectionDelegate

from surefoot.telemetry import Recorder
from surefoot.telemetry.request import Request
from surefoot.telemetry.steps import follow_tasks
from surefoot.web.queued import queued_ns
from surefoot.web.tornado.framework import REQUEST, TORNADO
from surefoot.web.tornado.handlers import Run, surround, when_finished

__all__ = ["Recorded"]


class Recorded(HTTPServerConnectionDelegate):  # type: ignore[misc]
    """Passes every connection on to the application and records what its handlers do.

    Args:
        app: The ``tornado.web.Application``.
        recorder: What ``surefoot.telemetry.install`` returned.
    """

    def __init__(self, app: Any, recorder: Recorder) -> None:
        self.app = app
        self._recorder = recorder
        self._loop: asyncio.AbstractEventLoop | None = None
        surround(app, self._around)

    def start_request(self, server_conn: object, request_conn: Any) -> Any:
        """A request begins; the application makes of it what it would."""
        return self.app.start_request(server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        """A connection is gone."""
        self.app.on_close(server_conn)

    async def _around(self, handler: Any, run: Run) -> None:
        recorder = self._recorder
        try:
            request = self._begin(handler)
        except Exception as error:  # noqa: BLE001 - telemetry never breaks a request
            recorder.fault(error)
            await run()
            return
        try:
            await recorder.drive(run(), request)
        finally:
            self._end(request, handler)

    def _begin(self, handler: Any) -> Request:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            follow_tasks(loop, self._recorder)
            self._recorder.heed(loop)
        sent = handler.request.headers.get("X-Request-Start")
        waited = queued_ns(sent, time.time_ns()) if sent else 0
        request = self._recorder.begin_task(handler.request.method, waited)

        def finished() -> None:
            request.answered_ns = time.perf_counter_ns()

        when_finished(handler, finished)
        return request

    def _end(self, request: Request, handler: Any) -> None:
        recorder = self._recorder
        try:
            status = request.status = handler.get_status()
            found = TORNADO.matched({REQUEST: handler.request}, "")
            request.route = found or ("(unmatched)" if status == 404 else "(unknown)")
            recorder.finish(request)
        except Exception as error:  # noqa: BLE001 - telemetry never breaks a request
            recorder.fault(error)
