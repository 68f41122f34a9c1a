"""Any WSGI application, with every request told to the recorder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from surefoot.telemetry import Recorder
from surefoot.telemetry.request import Request
from surefoot.web import matched
from surefoot.web.queued import queued_ns

__all__ = ["Recorded"]

Environ = dict[str, Any]


class Recorded:
    """Passes every call on unchanged and records it.

    Args:
        app: The WSGI application.
        recorder: What ``surefoot.telemetry.install`` returned.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], recorder: Recorder) -> None:
        self.app = app
        self._recorder = recorder

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request; it ends when the server closes what is returned."""
        recorder = self._recorder
        try:
            request = self._begin(environ)
        except Exception as error:  # noqa: BLE001 - telemetry never breaks a request
            recorder.fault(error)
            return self.app(environ, start_response)

        root = environ.get("SCRIPT_NAME", "")

        def started(status: str, headers: Any, *error: Any) -> Any:
            self._note(request, status, environ, root)
            return start_response(status, headers, *error)

        try:
            body = self.app(environ, started)
        except BaseException:
            # Some frameworks leave errors to the server, and have matched a route all the same.
            self._note(request, "500", environ, root)
            self.end(request)
            raise
        if type(body) in {list, tuple}:
            self.end(request)
            return body
        return self._until_closed(body, request, environ)

    def _begin(self, environ: Environ) -> Request:
        sent = environ.get("HTTP_X_REQUEST_START")
        waited = queued_ns(sent, time.time_ns()) if sent else 0
        request = self._recorder.begin(environ.get("REQUEST_METHOD", ""), waited)
        self._recorder.work(request)
        return request

    def _note(self, request: Request, status: str, environ: Environ, root: str) -> None:
        try:
            request.status = int(status[:3])
            request.route = request.route or matched.route(environ, root)
        except Exception as fault:  # noqa: BLE001 - telemetry never breaks a request
            self._recorder.fault(fault)

    def end(self, request: Request) -> None:
        """The request is over; a second call does nothing."""
        recorder = self._recorder
        try:
            if request.done:
                return
            recorder.rest(request)
            if not request.route:
                request.route = "(unmatched)" if request.status == 404 else "(unknown)"
            recorder.finish(request)
        except Exception as error:  # noqa: BLE001 - telemetry never breaks a request
            recorder.fault(error)

    def _until_closed(
        self, body: Iterable[bytes], request: Request, environ: Environ
    ) -> Iterable[bytes]:
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(body, wrapper):
            # A server looks for its own file wrapper to send the file by the kernel.
            self.end(request)
            return body
        return _Body(body, self, request)


class _Body:
    """An answer's body whose end is noticed."""

    __slots__ = ("_body", "_recorded", "_request")

    def __init__(self, body: Iterable[bytes], recorded: Recorded, request: Request) -> None:
        self._body = body
        self._recorded = recorded
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Close the application's body; the request ends here."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._recorded.end(self._request)
