"""What servers look for in an answer is still there when it is recorded."""

from __future__ import annotations

import io

import pytest

from surefoot.telemetry import Options, Recorder
from surefoot.testing import Receiver
from surefoot.web.wsgi import Recorded


class FileWrapper:
    def __init__(self, file):
        self.file = file

    def __iter__(self):
        return iter([self.file.read()])


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made


@pytest.fixture
def recorder(receiver):
    made = Recorder(Options(records=receiver.path, sample_hz=0))
    yield made
    made.close()


def environ(**more):
    return {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SCRIPT_NAME": "", **more}


def test_a_file_goes_to_the_server_as_the_wrapper_it_knows(recorder, receiver):
    def app(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"file"))

    body = Recorded(app, recorder)(environ(**{"wsgi.file_wrapper": FileWrapper}), lambda *_: None)
    assert type(body) is FileWrapper
    assert receiver.wait_for_records(1)[0].status == 200


def test_a_body_that_is_never_iterated_ends_when_it_is_closed(recorder, receiver):
    closed = []

    class Body:
        def __iter__(self):
            yield b"never"

        def close(self):
            closed.append(True)

    def app(environ, start_response):
        start_response("304 Not Modified", [])
        return Body()

    body = Recorded(app, recorder)(environ(), lambda *_: None)
    assert receiver.records == []
    body.close()
    body.close()
    assert closed == [True, True]
    (record,) = receiver.wait_for_records(1)
    assert record.status == 304
    receiver.drain()
    assert len(receiver.records) == 1


def test_a_body_that_fails_to_close_ends_the_request_all_the_same(recorder, receiver):
    def app(environ, start_response):
        start_response("200 OK", [])

        def parts():
            try:
                yield b"a"
            finally:
                raise RuntimeError("on purpose")

        return parts()

    body = Recorded(app, recorder)(environ(), lambda *_: None)
    assert next(iter(body)) == b"a"
    with pytest.raises(RuntimeError, match="on purpose"):
        body.close()
    assert receiver.wait_for_records(1)[0].status == 200


def test_an_error_with_its_trace_reaches_the_server(recorder):
    seen = []

    def app(environ, start_response):
        start_response("500 Internal Server Error", [], ("kind", "error", "trace"))
        return [b"failed"]

    assert Recorded(app, recorder)(environ(), lambda *given: seen.append(given)) == [b"failed"]
    assert seen == [("500 Internal Server Error", [], ("kind", "error", "trace"))]
