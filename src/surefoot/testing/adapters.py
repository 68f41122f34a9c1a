"""What every adapter of a framework has to keep, as tests to subclass."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread
import contextlib
import importlib
import inspect
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final
from wsgiref.util import setup_testing_defaults

from surefoot.core.records import Record
from surefoot.health.answers import Health
from surefoot.health.board import Board
from surefoot.telemetry import Options, Recorder, hooks
from surefoot.telemetry.calls import measured
from surefoot.testing import tornado
from surefoot.testing.receiver import Receiver
from surefoot.web import frameworks
from surefoot.web.framework import Framework

__all__ = ["AdapterContract"]

Answer = tuple[int, bytes]
_RESOURCE: Final = "db.wait"
_WHAT: Final = "select 1"


class AdapterContract:
    """Sends requests through a recorded application and looks at what was recorded.

    ``application()`` builds an application with these views, each in the way of the framework:

    - ``/items/<id>`` answers the id;
    - ``/burn`` keeps its thread on the CPU for 30 ms, and ``/burn/other`` does so in a view of the
      other colour: a coroutine under WSGI, a plain function under ASGI;
    - ``/ask`` calls ``self.ask()``; ``/ask/thread`` does it in a ``threading.Thread`` that it
      starts and joins, ``/ask/pool`` in a ``ThreadPoolExecutor``;
    - ``/stream`` answers ``abc`` in three parts and calls ``self.ask()`` before the last;
    - ``/fail`` raises ``RuntimeError``;
    - ``/mounted/inner/<id>`` answers from what is mounted or included inside the first, where the
      framework has such a thing.

    Attributes:
        interface: ``"wsgi"``, ``"asgi"`` or ``"tornado"``.
        framework: What is known of the framework, where it is none of Surefoot's own.
        templates: Path to the route that has to be recorded for it.
    """

    interface: ClassVar[str] = ""
    framework: ClassVar[Framework | None] = None
    templates: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def ask(self) -> None:
        """Wait for a database, as far as telemetry knows."""
        getattr(self, "_asking", _answer)()

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

    def test_cpu_of_a_view_of_the_other_colour_is_recovered(self) -> None:
        """A coroutine under WSGI, or a function in a thread under ASGI, is the request's too."""
        (record,) = self._records(["/burn/other"])
        assert record.status == 200
        assert record.cpu_ns >= 30e6

    def test_a_streamed_answer_arrives_whole(self) -> None:
        """The request lasts until the last part is out, and the parts are not touched."""
        with Receiver() as receiver:
            answers = self._send(receiver, ["/stream"], {})
            (record,) = receiver.wait_for_records(1)
        assert answers == [(200, b"abc")]
        assert record.status == 200
        assert _asked(record) == 1

    def test_what_a_view_waits_for_is_booked_with_its_line(self) -> None:
        """The resource, the count and the line of the application that asked."""
        (record,) = self._records(["/ask"])
        (spend,) = (each for each in record.spends if str(each.resource) == _RESOURCE)
        assert (spend.count, spend.what) == (1, _WHAT)
        assert spend.use_ns > 0
        assert spend.site.partition(":")[0] == self._file().name

    def test_requests_at_once_are_told_apart(self) -> None:
        """What one waits for is booked on no other."""
        paths = ["/ask", next(iter(self.templates))] * 4
        with Receiver() as receiver:
            self._send(receiver, paths, {}, at_once=True)
            records = receiver.wait_for_records(len(paths))
        assert sorted(map(_asked, records)) == [0] * 4 + [1] * 4

    def test_work_handed_to_a_pool_of_threads_stays_the_request_s(self) -> None:
        """What the view submitted is booked on it."""
        (record,) = self._records(["/ask/pool"])
        assert _asked(record) == 1

    def test_a_thread_that_knows_of_no_request_is_booked_on_none(self) -> None:
        """A bare thread has no context: what it does is nobody's, and breaks nothing."""
        records = self._records(["/ask/thread", "/ask"])
        assert [record.status for record in records] == [200, 200]
        # From Python 3.14 on a thread may begin with the context of who started it.
        assert [_asked(record) for record in records] in ([0, 1], [1, 1])

    def test_what_is_no_request_is_left_alone(self) -> None:
        """A websocket goes through to the application, and is in no record."""
        if self.interface == "wsgi":
            # It has no such thing.
            return
        with Receiver() as receiver:
            recorder = Recorder(self._options(receiver.path))
            with self._recorded(recorder) as recorded:
                seen = [self._talk(app) for app in (self.application(), recorded)]
            recorder.close()
            receiver.drain()
            assert receiver.records == []
        assert seen[0] == seen[1]

    def test_health_is_told_in_front_of_the_application_and_not_recorded(self) -> None:
        """The paths are answered there, in no record, and everything else is as it was."""
        path = next(iter(self.templates))
        with Receiver() as receiver:
            recorder = Recorder(self._options(receiver.path))
            with self._recorded(recorder) as app:
                adapter: Any = importlib.import_module(f"surefoot.web.health.{self.interface}")
                served = adapter.Answering(app, Health("/", Board(list)))
                paths = ["/livez", "/readyz", "/startupz", path]
                answers = [self._call(served, each, {}) for each in paths]
            recorder.close()
            (record,) = receiver.wait_for_records(1)
        assert answers == [(200, b"ok\n")] * 3 + [self._call(self.application(), path, {})]
        assert record.route == self.templates[path]

    def test_an_error_of_the_view_is_passed_on_and_recorded(self) -> None:
        """The framework's own treatment of an error is what the server sees."""
        with Receiver() as receiver:
            treated = _treated(lambda: self._send(receiver, ["/fail"], {}))
            (record,) = receiver.wait_for_records(1)
        assert record.status == 500
        assert treated == _treated(lambda: [self._call(self.application(), "/fail", {})])

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
        with self._recorded(broken) as recorded:
            assert self._call(recorded, path, {}) == self._call(self.application(), path, {})
        assert broken.pulse.faults > 0

    def _records(self, paths: list[str]) -> list[Record]:
        with Receiver() as receiver:
            self._send(receiver, paths, {})
            return receiver.wait_for_records(len(paths))

    def _send(
        self,
        receiver: Receiver,
        paths: list[str],
        headers: Mapping[str, str],
        *,
        at_once: bool = False,
    ) -> list[Answer]:
        recorder = Recorder(self._options(receiver.path))
        try:
            with self._recorded(recorder) as app:
                if at_once:
                    return self._call_at_once(app, paths)
                return [self._call(app, path, headers) for path in paths]
        finally:
            recorder.close()

    def _options(self, records: str) -> Options:
        return Options(records=records, sample_hz=0, code=(str(self._file().parent),))

    def _file(self) -> Path:
        return Path(inspect.getfile(type(self)))

    @contextlib.contextmanager
    def _recorded(self, recorder: Recorder) -> Iterator[Any]:
        """The application as a worker has it: hooks of threads in, and the framework's."""
        if self.framework is not None:
            frameworks.register(self.framework)
        frameworks.hook()
        adapter: Any = importlib.import_module(f"surefoot.web.{self.interface}").Recorded
        application = self.application()
        self._asking = measured(recorder, _answer, lambda: (_RESOURCE, _WHAT, 1, None))
        try:
            with _threads(recorder):
                yield adapter(application, recorder)
        finally:
            del self._asking

    def _call(self, app: Any, path: str, headers: Mapping[str, str]) -> Answer:
        if self.interface == "wsgi":
            return _call_wsgi(app, path, headers)
        if self.interface == "tornado":
            return tornado.ask(app, [path], headers)[0]
        return asyncio.run(_call_asgi(app, path, headers))

    def _talk(self, app: Any) -> Any:
        return tornado.talk(app) if self.interface == "tornado" else asyncio.run(_websocket(app))

    def _call_at_once(self, app: Any, paths: list[str]) -> list[Answer]:
        if self.interface == "wsgi":
            # Each in a context of its own, as threads of a server have it.
            threads = [_Thread(app, path) for path in paths]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return [thread.answer for thread in threads]
        if self.interface == "tornado":
            return tornado.ask(app, paths, {})

        async def together() -> list[Answer]:
            return await asyncio.gather(*(_call_asgi(app, path, {}) for path in paths))

        return asyncio.run(together())


def _answer() -> None:
    time.sleep(0.005)


def _treated(send: Callable[[], list[Answer]]) -> list[Answer] | type[Exception]:
    """What comes of a request whose view raises: an answer, or the error itself."""
    try:
        return send()
    except RuntimeError as error:
        return type(error)


def _asked(record: Record) -> int:
    return sum(each.count for each in record.spends if str(each.resource) == _RESOURCE)


@contextlib.contextmanager
def _threads(recorder: Recorder) -> Iterator[None]:
    """The hooks of thread pools, taken out again: they are of the whole process."""
    places: list[tuple[Any, str, Any]] = [
        (concurrent.futures.thread.ThreadPoolExecutor, "submit", "executors"),
    ]
    anyio = sys.modules.get("anyio.to_thread")
    if anyio is not None:
        places.append((anyio, "run_sync", "anyio_threads"))
    plain = [(holder, name, getattr(holder, name)) for holder, name, _ in places]
    for holder, _, hook in places:
        hooks.load(hook).install(anyio if holder is anyio else concurrent.futures.thread, recorder)
    try:
        yield
    finally:
        for holder, name, was in plain:
            setattr(holder, name, was)


class _Thread(threading.Thread):
    """Sends one request."""

    def __init__(self, app: Any, path: str) -> None:
        super().__init__()
        self._request = (app, path)
        self.answer: Answer = (0, b"")

    def run(self) -> None:
        """Send it."""
        self.answer = _call_wsgi(*self._request, {})


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


async def _websocket(app: Any) -> list[Any]:
    """What an application makes of a websocket: its messages, and what it raised."""
    scope: dict[str, Any] = {
        "type": "websocket", "asgi": {"version": "3.0", "spec_version": "2.3"}, "path": "/ws",
        "raw_path": b"/ws", "root_path": "", "query_string": b"", "headers": [], "scheme": "ws",
        "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "subprotocols": [],
    }  # fmt: skip
    told: Iterator[dict[str, Any]] = iter(
        [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]
    )
    seen: list[Any] = []

    async def receive() -> dict[str, Any]:
        return next(told)

    async def send(message: dict[str, Any]) -> None:
        seen.append(message)

    try:
        await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - what it raised is what is compared
        seen.append(type(error))
    return seen
