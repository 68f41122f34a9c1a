"""What every adapter of a framework has to keep, as tests to subclass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar
from wsgiref.util import setup_testing_defaults

from surefoot.core.records import Record
from surefoot.telemetry import Options, Recorder
from surefoot.testing.receiver import Receiver
from surefoot.web import asgi, wsgi

__all__ = ["AdapterContract"]

Answer = tuple[int, bytes]


class AdapterContract:
    """Sends requests through a recorded application and looks at what was recorded.

    ``application()`` builds an application with five views: ``/items/<id>`` answers the id,
    ``/burn`` keeps its thread on the CPU for 30 ms, ``/stream`` answers ``abc`` in three parts,
    ``/fail`` raises ``RuntimeError``, and ``/mounted/inner/<id>`` answers from an application
    mounted inside the first, where the framework has such a thing.

    Attributes:
        interface: ``"wsgi"`` or ``"asgi"``.
        templates: Path to the route that has to be recorded for it.
    """

    interface: ClassVar[str] = ""
    templates: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def application(self) -> Any:
        """The application; built anew for each test."""
        raise NotImplementedError

    def test_routes_are_templates(self) -> None:
        """A route is recorded as the framework's template, so that equal work has one name."""
        paths = list(self.templates)
        records = self._records(paths)
        assert {p: r.route for p, r in zip(paths, records, strict=True)} == dict(self.templates)
        assert {record.status for record in records} == {200}
        assert {record.method for record in records} == {"GET"}

    def test_an_unknown_path_is_unmatched(self) -> None:
        """What matches nothing shares one name, however many paths are tried."""
        records = self._records(["/no/such/path", "/nor/this"])
        assert {record.route for record in records} == {"(unmatched)"}
        assert {record.status for record in records} == {404}

    def test_cpu_and_wall_time_are_those_of_the_view(self) -> None:
        """CPU that the view used is in its record, and no other time is."""
        (record,) = self._records(["/burn"])
        assert record.cpu_ns >= 30e6
        assert record.wall_ns >= record.cpu_ns * 0.95
        assert abs(record.start_ns - time.time_ns()) < 60e9

    def test_a_streamed_answer_arrives_whole(self) -> None:
        """The request lasts until the last part is out, and the parts are not touched."""
        with Receiver() as receiver:
            answers = self._send(receiver, ["/stream"], {})
            (record,) = receiver.wait_for_records(1)
        assert answers == [(200, b"abc")]
        assert record.status == 200

    def test_an_error_of_the_view_is_passed_on_and_recorded(self) -> None:
        """The framework's own treatment of an error is what the server sees."""
        with Receiver() as receiver:
            self._send(receiver, ["/fail"], {})
            (record,) = receiver.wait_for_records(1)
        assert record.status == 500

    def test_answers_are_the_same_as_without_telemetry(self) -> None:
        """Status and body do not change."""
        paths = [*self.templates, "/stream", "/no/such/path"]
        plain = self.application()
        with Receiver() as receiver:
            recorded = self._send(receiver, paths, {})
        assert recorded == [self._call(plain, path, {}) for path in paths]

    def test_time_in_the_queue_is_read_from_the_header(self) -> None:
        """``X-Request-Start`` becomes the time queued."""
        sent = f"t={time.time() - 2:.6f}"
        with Receiver() as receiver:
            self._send(receiver, [next(iter(self.templates))], {"X-Request-Start": sent})
            (record,) = receiver.wait_for_records(1)
        assert 2e9 <= record.queued_ns < 60e9

    def test_a_fault_of_telemetry_breaks_no_request(self) -> None:
        """With a recorder that fails at every step the answers stay the same."""
        path = next(iter(self.templates))
        broken = _Broken(Options())
        assert self._call(self._recorded(broken), path, {}) == (
            self._call(self.application(), path, {})
        )
        assert broken.pulse.faults > 0

    def _records(self, paths: list[str]) -> list[Record]:
        with Receiver() as receiver:
            self._send(receiver, paths, {})
            return receiver.wait_for_records(len(paths))

    def _send(
        self, receiver: Receiver, paths: list[str], headers: Mapping[str, str]
    ) -> list[Answer]:
        recorder = Recorder(Options(records=receiver.path, sample_hz=0))
        try:
            app = self._recorded(recorder)
            return [self._call(app, path, headers) for path in paths]
        finally:
            recorder.close()

    def _recorded(self, recorder: Recorder) -> Any:
        adapter: Any = wsgi.Recorded if self.interface == "wsgi" else asgi.Recorded
        return adapter(self.application(), recorder)

    def _call(self, app: Any, path: str, headers: Mapping[str, str]) -> Answer:
        if self.interface == "wsgi":
            return _call_wsgi(app, path, headers)
        return asyncio.run(_call_asgi(app, path, headers))


class _Broken(Recorder):
    """Fails wherever an adapter calls it."""

    def begin(self, *_: object) -> Any:
        """Raises."""
        raise RuntimeError("broken on purpose")


def _call_wsgi(app: Any, path: str, headers: Mapping[str, str]) -> Answer:
    environ: dict[str, Any] = {"SCRIPT_NAME": "", "PATH_INFO": path, "SERVER_PROTOCOL": "HTTP/1.1"}
    setup_testing_defaults(environ)
    for name, value in headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    statuses: list[str] = []

    def start_response(status: str, *_: Any) -> None:
        statuses.append(status)

    body = app(environ, start_response)
    try:
        content = b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return int(statuses[-1][:3]), content


async def _call_asgi(app: Any, path: str, headers: Mapping[str, str]) -> Answer:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(n.lower().encode(), v.encode()) for n, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])
    messages: list[dict[str, Any]] = []
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        for request in requests:
            return request
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    try:
        await app(scope, receive, send)
    except RuntimeError:
        # Frameworks answer an error of a view and then pass it on for the server to log.
        if not messages:
            raise
    return messages[0]["status"], b"".join(m.get("body", b"") for m in messages)
