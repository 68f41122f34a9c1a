"""A compressed answer says the same, to whoever asked for it so and to nobody else."""

import asyncio
import email.utils
import zlib
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.core import compression as rules
from surefoot.web.compression import asgi, wsgi

GZIP = zlib.MAX_WBITS | 16
TEXT = "text/html; charset=utf-8"


def unpacked(body):
    decoder = zlib.decompressobj(GZIP)
    plain = decoder.decompress(body)
    assert decoder.eof
    assert not decoder.unused_data
    return plain


def environ_of(method="GET", accepted=None, **more):
    environ = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        **more,
    }
    setup_testing_defaults(environ)
    return environ | ({"HTTP_ACCEPT_ENCODING": accepted} if accepted is not None else {})


class Body:
    """An iterable body, closed once."""

    def __init__(self, parts):
        self.parts = parts
        self.closed = 0

    def __iter__(self):
        return iter(self.parts)

    def close(self):
        self.closed += 1


def application(parts, style, headers, status="200 OK"):
    """A WSGI application that answers with these parts in one of the ways there are."""
    kept = Body(parts)

    def listed(environ, start_response):
        start_response(status, headers)
        return list(parts)

    def late(environ, start_response):
        start_response(status, headers)
        yield from parts

    def iterated(environ, start_response):
        start_response(status, headers)
        return kept

    def written(environ, start_response):
        write = start_response(status, headers)
        for part in parts[:1]:
            write(part)
        return list(parts[1:])

    found = {"list": listed, "generator": late, "iterable": iterated, "write": written}[style]
    return found, kept


def call(app, environ):
    """Status, headers and the parts of one answer, by the rules for servers."""
    said, parts = [], []

    def start_response(status, headers, exc_info=None):
        said[:] = [status, headers]
        return parts.append

    body = app(environ, start_response)
    try:
        for part in body:
            assert said, "a part before the head"
            parts.append(part)
    finally:
        if hasattr(body, "close"):
            body.close()
    return said[0], {name.lower(): value for name, value in said[1]}, parts


chunks = st.lists(st.binary(max_size=900) | st.just(b"a" * 700), max_size=6)
accepts = st.sampled_from(
    [None, "", "gzip", "GZIP", "gzip;q=0", "gzip; q=0.5", "*", "*;q=0", "br", "br, gzip;q=1.0",
     "identity", "gzip;q=x", "deflate, x-gzip"]
)  # fmt: skip
kinds = st.sampled_from([TEXT, "application/json", "image/png", "text/event-stream", ""])
styles = st.sampled_from(["list", "generator", "iterable", "write"])


@settings(max_examples=300)
@given(parts=chunks, accepted=accepts, kind=kinds, style=styles, length=st.booleans())
def test_whatever_the_parts_and_the_style_the_decoded_body_is_the_same(
    parts, accepted, kind, style, length
):
    headers = [("Content-Type", kind)] if kind else []
    whole = b"".join(parts)
    if length:
        headers.append(("Content-Length", str(len(whole))))
    app, kept = application(parts, style, headers)
    status, said, sent = call(wsgi.Compressed(app), environ_of("GET", accepted))
    body = b"".join(sent)
    assert status == "200 OK"
    if said.get("content-encoding") == "gzip":
        assert rules.accepts_gzip(accepted or "")
        assert kind in {TEXT, "application/json"}
        assert "accept-encoding" in said["vary"].lower()
        assert unpacked(body) == whole
    else:
        assert body == whole
    if "content-length" in said:
        assert int(said["content-length"]) == len(body)
    if style == "iterable":
        assert kept.closed == 1


@settings(max_examples=100)
@given(parts=st.lists(st.binary(min_size=1, max_size=900), min_size=1), style=styles)
def test_a_body_that_streams_goes_out_part_by_part(parts, style):
    app, _ = application(parts, style, [("Content-Type", TEXT)])
    _, said, sent = call(wsgi.Compressed(app), environ_of("GET", "gzip"))
    if style not in {"generator", "iterable"}:
        return
    assert said["content-encoding"] == "gzip"
    assert "content-length" not in said
    decoder, seen = zlib.decompressobj(GZIP), b""
    for number, part in enumerate(sent[: len(parts)], 1):
        seen += decoder.decompress(part)
        assert seen == b"".join(parts[:number])


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize("style", ["list", "iterable"])
@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_it_keeps_to_the_letter_of_wsgi(style, accepted):
    body = [b"x" * 2000]
    headers = [("Content-Type", "text/plain"), ("Content-Length", "2000")]
    app, _ = application(body, style, headers)
    checked = validator(wsgi.Compressed(validator(app)))
    environ = environ_of("GET", accepted)
    out = []

    def start_response(status, headers, exc_info=None):
        return out.append

    result = checked(environ, start_response)
    parts = list(result)
    result.close()
    assert (unpacked(b"".join(parts)) if accepted == "gzip" else b"".join(parts)) == body[0]


@pytest.mark.parametrize(
    ("method", "status", "headers"),
    [
        ("HEAD", "200 OK", []),
        ("GET", "204 No Content", []),
        ("GET", "OK", []),
        ("GET", "206 Partial Content", [("Content-Range", "bytes 0-9/100")]),
        ("GET", "304 Not Modified", []),
        ("GET", "200 OK", [("Content-Encoding", "br")]),
        ("GET", "200 OK", [("Cache-Control", "public, no-transform")]),
        ("GET", "200 OK", [("Content-Length", "499")]),
    ],
)
def test_what_is_not_to_be_touched_is_not(method, status, headers):
    headers = [("Content-Type", TEXT), *headers]
    body = b"a" * 499
    app, _ = application([body], "list", list(headers), status)
    told, said, sent = call(wsgi.Compressed(app), environ_of(method, "gzip"))
    assert told == status
    assert said == {name.lower(): value for name, value in headers}
    assert b"".join(sent) == body


def test_a_compressed_answer_says_so_in_its_headers():
    headers = [
        ("Content-Type", TEXT), ("ETag", '"abc"'), ("Accept-Ranges", "bytes"), ("Vary", "Cookie"),
        ("Date", email.utils.formatdate()), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"),
    ]  # fmt: skip
    app, _ = application([b"a" * 900], "list", headers)
    answers = []

    def start_response(status, told, exc_info=None):
        answers.append(told)

    (body,) = wsgi.Compressed(app)(environ_of("GET", "gzip"), start_response)
    told = answers[0]
    assert [value for name, value in told if name == "Set-Cookie"] == ["a=1", "b=2"]
    said = dict(told)
    assert said["ETag"] == 'W/"abc"'
    assert said["Vary"] == "Cookie, Accept-Encoding"
    assert said["Content-Length"] == str(len(body))
    assert "Accept-Ranges" not in said


def test_a_cache_is_told_that_it_depends_even_where_it_was_not_compressed():
    app, _ = application([b"a" * 900], "list", [("Content-Type", TEXT)])
    _, said, _ = call(wsgi.Compressed(app), environ_of("GET", None))
    assert said["vary"] == "Accept-Encoding"


def test_who_has_a_cookie_gets_answers_of_varying_length():
    app, _ = application([b"a" * 900], "list", [("Content-Type", TEXT)])

    def lengths(**more):
        answered = [
            call(wsgi.Compressed(app), environ_of("GET", "gzip", **more)) for _ in range(40)
        ]
        assert {unpacked(b"".join(parts)) for _, _, parts in answered} == {b"a" * 900}
        return {len(b"".join(parts)) for _, _, parts in answered}

    assert len(lengths()) == 1
    assert len(lengths(HTTP_COOKIE="session=1")) > 10


def test_an_error_after_the_head_is_the_server_s_to_treat():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", TEXT)])
        error = RuntimeError("broken on purpose")
        told = (RuntimeError, error, None)
        start_response("500 Oops", [("Content-Type", "text/plain")], told)
        return [b"it broke" * 100]

    status, _, sent = call(wsgi.Compressed(app), environ_of("GET", "gzip"))
    assert status == "500 Oops"
    assert unpacked(b"".join(sent)) == b"it broke" * 100


# --- ASGI -----------------------------------------------------------------------------------------


def exchange(messages, accepted, method="GET", extensions=None):
    """What a server is sent when the application sends these messages."""
    headers = [] if accepted is None else [(b"accept-encoding", accepted.encode())]
    scope = {"type": "http", "method": method, "headers": headers}
    if extensions is not None:
        scope["extensions"] = extensions
    sent = []

    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    async def send(message):
        sent.append(message)

    asyncio.run(asgi.Compressed(app)(scope, None, send))
    return sent


def started(kind, length=None, status=200):
    headers = [(b"content-type", kind.encode())]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": status, "headers": headers}


def bodies(parts):
    last = len(parts) - 1
    return [
        {"type": "http.response.body", "body": part, "more_body": number < last}
        for number, part in enumerate(parts)
    ]


@settings(max_examples=200)
@given(
    parts=st.lists(st.binary(max_size=900) | st.just(b"a" * 700), min_size=1, max_size=6),
    accepted=accepts,
    kind=kinds,
    length=st.booleans(),
)
def test_whatever_is_sent_the_decoded_body_is_the_same(parts, accepted, kind, length):
    whole = b"".join(parts)
    start = started(kind, len(whole) if length else None)
    sent = exchange([start, *bodies(parts)], accepted)
    assert sent[0]["type"] == "http.response.start"
    said = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message["body"] for message in sent[1:])
    assert [message.get("more_body", False) for message in sent[1:]] == [
        *[True] * (len(parts) - 1), False,
    ]  # fmt: skip
    if said.get("content-encoding") == "gzip":
        assert rules.accepts_gzip(accepted or "")
        assert unpacked(body) == whole
        assert "accept-encoding" in said["vary"].lower()
    else:
        assert body == whole
    if "content-length" in said:
        assert int(said["content-length"]) == len(body)


def test_a_stream_s_head_does_not_wait_for_its_first_part():
    sent = exchange([started(TEXT)], "gzip")
    assert [message["type"] for message in sent] == ["http.response.start"]


def test_a_file_that_the_server_sends_itself_is_left_alone():
    start = started(TEXT)
    path = {"type": "http.response.pathsend", "path": "/a"}
    sent = exchange([start, path], "gzip", extensions={"http.response.pathsend": {}})
    assert sent[1] == path
    assert b"content-encoding" not in dict(sent[0]["headers"])


def test_what_is_no_request_passes_untouched():
    seen = []

    async def app(scope, receive, send):
        seen.append((scope, receive, send))

    asyncio.run(asgi.Compressed(app)({"type": "websocket"}, "receive", "send"))
    assert seen == [({"type": "websocket"}, "receive", "send")]
