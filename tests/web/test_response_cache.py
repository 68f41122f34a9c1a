"""Answers that are kept are given again, for as long as they may be, and are the same."""

import asyncio
import contextlib
import dataclasses
import gzip
import itertools
import threading
import time
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from cached import Asgi, Wsgi
from surefoot.config import CachedResponse
from surefoot.errors import StoreError
from surefoot.stores.inline import AsyncInline
from surefoot.stores.memory import MemoryStore
from surefoot.web.compression import asgi as asgi_compression
from surefoot.web.compression import wsgi as wsgi_compression
from surefoot.web.responses import observing


class Counted:
    """The same views in Flask and in FastAPI; each says how often views ran."""

    def __init__(self):
        self.runs = itertools.count(1)
        self.fail = False
        self.slow = 0.0

    def next(self):
        number = next(self.runs)
        time.sleep(self.slow)
        return number


def flask_views(counted):
    import flask

    app = flask.Flask("shop", static_folder=None)
    app.secret_key = "k"

    @app.get("/books/<book_id>")
    def book(book_id):
        number = counted.next()
        if counted.fail:
            flask.abort(503)
        if book_id == "0":
            flask.abort(404)
        return f"book {book_id} run {number} {flask.request.args.get('page', '')}"

    @app.get("/books/new")
    def new():
        return f"new run {counted.next()}"

    @app.post("/books/<book_id>")
    def review(book_id):
        return "written"

    more_flask_views(app, counted)
    return app


def more_flask_views(app, counted):
    import flask

    @app.get("/language/<word>")
    def language(word):
        spoken = flask.request.headers.get("Accept-Language", "en")
        return flask.Response(f"{spoken} run {counted.next()}", headers={"Vary": "Accept-Language"})

    @app.get("/stream/<size>")
    def stream(size):
        number = counted.next()
        return flask.Response(itertools.chain([f"run {number} "], ["x" * 10] * int(size)))

    @app.get("/broken/<size>")
    def broken(size):
        counted.next()

        def parts():
            yield "a"
            raise RuntimeError("on purpose")

        return flask.Response(parts())

    @app.get("/static/<path:name>")
    def static_file(name):
        return flask.Response(name, headers={"Cache-Control": "no-cache"})


def fastapi_views(counted):
    from fastapi import FastAPI, HTTPException
    from fastapi.responses import PlainTextResponse

    app = FastAPI()

    @app.get("/books/new")
    def new():
        return PlainTextResponse(f"new run {counted.next()}")

    @app.get("/books/{book_id}")
    def book(book_id: str, page: str = ""):
        number = counted.next()
        if counted.fail:
            raise HTTPException(503)
        if book_id == "0":
            raise HTTPException(404)
        return PlainTextResponse(f"book {book_id} run {number} {page}")

    @app.head("/books/{book_id}")
    def head(book_id: str):
        return PlainTextResponse("")

    @app.post("/books/{book_id}")
    def review(book_id: str):
        return "written"

    more_fastapi_views(app, counted)
    return app


def more_fastapi_views(app, counted):
    from fastapi import Request
    from fastapi.responses import PlainTextResponse, StreamingResponse

    @app.get("/language/{word}")
    async def language(word: str, request: Request):
        spoken = request.headers.get("Accept-Language", "en")
        headers = {"Vary": "Accept-Language"}
        return PlainTextResponse(f"{spoken} run {counted.next()}", headers=headers)

    @app.get("/stream/{size}")
    async def stream(size: int):
        number = counted.next()
        parts = itertools.chain([f"run {number} "], ["x" * 10] * size)
        return StreamingResponse(parts, media_type="text/plain")

    @app.get("/broken/{size}")
    async def broken(size: int):
        counted.next()

        async def parts():
            yield "a"
            raise RuntimeError("on purpose")

        return StreamingResponse(parts())

    @app.get("/static/{name:path}")
    async def static_file(name: str):
        return PlainTextResponse(name, headers={"Cache-Control": "no-cache"})


ROUTES = {
    "wsgi": ("<book_id>", "<word>", "<size>"),
    "asgi": ("{book_id}", "{word}", "{size}"),
}


@pytest.fixture(params=["wsgi", "asgi"])
def make(request):
    """Builds an application of either kind, and what counts its views' runs."""

    def build(ttl=60.0, stale=60.0, **more):
        counted = Counted()
        asking, views = (Wsgi, flask_views) if request.param == "wsgi" else (Asgi, fastapi_views)
        book, word, size = ROUTES[request.param]
        paths = (f"/books/{book}", f"/language/{word}", f"/stream/{size}", f"/broken/{size}")
        terms = {name: more.pop(name) for name in ("browser", "network", "headers") if name in more}
        entries = [CachedResponse(f"GET {path}", ttl, stale, **terms) for path in paths]
        ask = asking(views(counted), entries, **more)
        ask.counted = counted
        return ask

    build.interface = request.param
    return build


def test_an_answer_is_made_once_and_given_again(make):
    ask = make()
    first, second = ask("/books/1"), ask("/books/1")
    assert (first.status, first.body) == (200, b"book 1 run 1 ")
    assert (second.status, second.body) == (first.status, first.body)
    assert (first.kept, second.kept) == (False, True)
    same = {name: value for name, value in second.fields.items() if name != "age"}
    assert same == first.fields
    assert ask("/books/2").body == b"book 2 run 2 "


def test_what_is_asked_otherwise_is_another_answer(make):
    ask = make()
    paths = ["/books/1", "/books/1?page=1", "/books/1?page=2", "/books/1?page=1&x", "/books/%31"]
    assert len({ask(path).body for path in paths}) == len(paths)
    assert ask("/books/1", host="other.test").body.startswith(b"book 1 run 6")
    assert ask("/books/1", x_forwarded_host="evil.test").body.startswith(b"book 1 run 7")
    assert ask("/books/1").kept


@pytest.mark.parametrize("path", ["/books/1/", "//books/1", "/books/1;x", "/Books/1", "/books//1"])
def test_no_trick_with_the_path_finds_what_another_path_made(make, path):
    ask = make()
    ask("/books/1")
    plain, again = ask(path), ask(path)
    assert b"book 1 run 1" not in plain.body
    assert b"book 1 run 1" not in again.body


def test_a_path_that_the_framework_serves_by_another_route_is_never_kept(make):
    ask = make()
    # Flask's matcher prefers the static one, FastAPI takes them in their order.
    assert [ask("/books/new").body for _ in range(3)] == [b"new run 1", b"new run 2", b"new run 3"]


def test_a_404_of_the_view_is_kept_and_one_of_the_router_is_not(make):
    ask = make()
    assert [ask("/books/0").status for _ in range(3)] == [404] * 3
    assert next(ask.counted.runs) == 2
    assert ask("/books/0").kept
    assert [ask("/nothing").kept for _ in range(2)] == [False, False]


def test_head_is_answered_from_get_s_answer_and_never_kept_itself(make):
    ask = make()
    assert ask("/books/1", "HEAD").body == b""
    body = ask("/books/1").body
    assert b"book 1" in body
    head = ask("/books/1", "HEAD")
    assert (head.status, head.body, head.kept) == (200, b"", True)
    assert head.fields["content-length"] == str(len(body))
    assert ask("/books/1").body == body


def test_who_has_it_already_gets_no_body(make):
    ask = make()
    tag = ask("/books/1").fields["etag"]
    for _ in range(2):
        again = ask("/books/1", if_none_match=tag)
        assert (again.status, again.body, again.fields["etag"]) == (304, b"", tag)
    assert ask("/books/1", if_none_match='"other"').status == 200
    # The condition is not the application's business, and the answer is kept whole.
    assert ask("/books/2", if_none_match='"other"').status == 200
    assert ask("/books/2").kept


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer x"},
        {"cookie": "session=abc"},
        {"cookie": "theme=dark; session=abc"},
        {"range": "bytes=0-1"},
        {"cache_control": "no-store"},
    ],
)
def test_these_requests_are_answered_by_the_application(make, headers):
    ask = make()
    ask("/books/1")
    assert not ask("/books/1", **headers).kept
    assert not ask("/books/3", **headers).kept
    assert not ask("/books/3").kept


def test_cookies_that_nobody_reads_do_not_matter(make):
    ask = make()
    ask("/books/1", cookie="_ga=1")
    assert ask("/books/1", cookie="_ga=2; theme=dark").kept
    assert ask("/books/1").kept


def test_a_request_that_writes_makes_what_was_kept_gone(make):
    ask = make()
    ask("/books/1")
    ask("/books/2")
    assert ask("/books/1").kept
    assert ask("/books/1", "POST", origin="http://shop.test").status == 200
    assert not ask("/books/1").kept
    assert ask("/books/1").kept
    assert ask("/books/2").kept


def test_what_is_kept_while_a_writer_has_not_committed_yet_is_gone_with_its_commit():
    import flask

    app, stock = flask.Flask("shop"), {"committed": 1}

    @app.get("/stock")
    def read():
        return str(stock["committed"])

    @app.post("/stock")
    def change():
        flask.g.change = 2
        return "changed"

    @app.teardown_request
    def commit(_):
        if "change" in flask.g:
            # Another visitor comes between the answer and the commit.
            visitor = threading.Thread(target=lambda: between.append(ask("/stock").body))
            visitor.start()
            visitor.join()
            stock["committed"] = flask.g.change

    between = []
    ask = Wsgi(app, ["GET /stock"])
    assert ask("/stock").body == b"1"
    assert ask("/stock", "POST").body == b"changed"
    assert between == [b"1"]
    assert ask("/stock").body == b"2"


def test_answers_that_vary_are_told_apart(make):
    ask = make()
    for _ in range(2):
        for language in ("de", "en"):
            assert ask("/language/x", accept_language=language).body.startswith(language.encode())
    assert ask("/language/x", accept_language="de").kept
    assert ask("/language/x").body.startswith(b"en")
    assert next(ask.counted.runs) == 4


def test_a_configured_header_is_in_the_key(make):
    ask = make(headers=("Accept-Language",))
    for _ in range(2):
        for language in ("de", "en"):
            assert ask("/language/x", accept_language=language).body.startswith(language.encode())
    assert next(ask.counted.runs) == 3


def test_a_stream_is_passed_on_and_kept_when_it_has_ended(make):
    ask = make()
    first, second = ask("/stream/3"), ask("/stream/3")
    assert first.body == b"run 1 " + b"x" * 30
    assert second.body == first.body
    assert second.kept


def test_a_stream_that_is_too_long_is_passed_on_and_not_kept(make):
    ask = make(limit=100)
    for number in (1, 2, 3):
        assert ask("/stream/50").body == f"run {number} ".encode() + b"x" * 500
    assert ask("/stream/5").body == ask("/stream/5").body


def test_an_answer_that_breaks_off_is_not_kept(make):
    ask = make()
    for _ in range(2):
        try:
            assert ask("/broken/1").body == b"a"
        except RuntimeError:
            assert make.interface == "wsgi"
    assert not ask.counted.fail


def later(ask, seconds):
    ask.caching.clock = lambda: time.time() + seconds


def test_after_its_time_it_is_made_anew(make):
    ask = make(ttl=10.0, stale=0.0)
    ask("/books/1")
    later(ask, 5)
    kept = ask("/books/1")
    assert kept.kept
    assert 4 <= int(kept.fields["age"]) <= 5
    later(ask, 11)
    assert ask("/books/1").body == b"book 1 run 2 "


def test_stale_answers_stand_in_for_errors_within_their_bound(make):
    ask = make(ttl=10.0, stale=20.0)
    ask("/books/1")
    ask.counted.fail = True
    later(ask, 15)
    stood_in = ask("/books/1")
    assert (stood_in.status, stood_in.body) == (200, b"book 1 run 1 ")
    # Not every request tries again while it fails.
    assert ask("/books/1").body == stood_in.body
    assert next(ask.counted.runs) == 3
    later(ask, 31)
    assert ask("/books/1").status == 503
    ask.counted.fail = False
    later(ask, 40)
    assert ask("/books/1").body.startswith(b"book 1")


def test_an_error_is_not_kept(make):
    ask = make()
    ask.counted.fail = True
    assert [ask("/books/1").status for _ in range(2)] == [503, 503]
    ask.counted.fail = False
    later(ask, 5)
    assert ask("/books/1").status == 200


def test_browsers_and_networks_are_told_what_is_configured(make):
    ask = make(browser=5.0, network=30.0)
    for _ in range(2):
        fields = ask("/books/1").fields
        assert fields["cache-control"] == "private, max-age=5"
        assert fields["cdn-cache-control"] == "max-age=30"
    # Who has a session is told nothing.
    assert "cdn-cache-control" not in ask("/books/1", cookie="session=1").fields


def test_files_with_fingerprints_are_kept_by_browsers(make):
    ask = make(fingerprinted=("/static/",))
    fixed = ask("/static/app.3f9a8b1c.js").fields
    assert fixed["cache-control"] == "public, max-age=31536000, immutable"
    assert ask("/static/app.js").fields["cache-control"] == "no-cache"


def test_compressed_answers_are_kept_compressed(make):
    wrap = {"wsgi": wsgi_compression, "asgi": asgi_compression}[make.interface].Compressed
    ask = make(encoded=True, wrap=wrap)
    path = "/stream/100"
    packed, again = ask(path, accept_encoding="gzip"), ask(path, accept_encoding="gzip")
    assert again.kept
    assert again.fields["content-encoding"] == "gzip"
    assert gzip.decompress(again.body) == gzip.decompress(packed.body)
    plain = ask(path)
    assert "content-encoding" not in plain.fields
    assert plain.body == b"run 2 " + b"x" * 1000
    assert ask(path).kept


class Broken(MemoryStore):
    """Fails as a store does that does not answer."""

    broken = True

    def get(self, keys):
        if self.broken:
            raise StoreError("it does not answer")
        return super().get(keys)

    def swap(self, *_arguments):
        raise StoreError("it does not answer")


@pytest.mark.parametrize("where", ["get", "swap"])
def test_a_store_that_does_not_answer_costs_no_answer(make, where):
    store = Broken()
    store.broken = where == "get"
    ask = make(store=store if make.interface == "wsgi" else AsyncInline(store))
    assert [ask("/books/1").body for _ in range(2)] == [b"book 1 run 1 ", b"book 1 run 2 "]
    assert ask("/books/1", "POST").status == 200


class Small(MemoryStore):
    """Takes no long value."""

    def swap(self, key, expect, data, ttl):
        if len(data) > 250:
            raise StoreError("too long")
        return super().swap(key, expect, data, ttl)


def test_what_the_store_does_not_take_keeps_nobody_waiting(make):
    store = Small()
    ask = make(store=store if make.interface == "wsgi" else AsyncInline(store))
    # Were the right to make it still held, the second request would wait for seconds.
    assert [ask("/stream/50").body[:6] for _ in range(3)] == [b"run 1 ", b"run 2 ", b"run 3 "]
    assert ask.caching.route("/stream/50").known.longest is not None


def test_a_framework_that_cannot_be_seen_through_is_not_kept(make):
    observing.unseen.append("flask.ctx")
    try:
        ask = make()
        assert [ask("/books/1").kept for _ in range(2)] == [False, False]
    finally:
        observing.unseen.clear()


def test_of_many_who_ask_at_once_one_has_it_made_in_threads():
    ask = Wsgi(flask_views(counted := Counted()), ["GET /books/<book_id>"])
    counted.slow = 0.1
    bodies = []
    threads = [
        threading.Thread(target=lambda: bodies.append(ask("/books/1").body)) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(bodies) == {b"book 1 run 1 "}
    assert len(bodies) == 20


def test_of_many_who_ask_at_once_one_has_it_made_in_tasks():
    ask = Asgi(fastapi_views(counted := Counted()), ["GET /books/{book_id}"])
    counted.slow = 0.1

    async def together():
        return await asyncio.gather(*(ask.ask("/books/1") for _ in range(20)))

    assert {answer.body for answer in asyncio.run(together())} == {b"book 1 run 1 "}


def test_while_one_makes_it_anew_the_others_get_the_stale_one():
    ask = Wsgi(
        flask_views(counted := Counted()), [CachedResponse("GET /books/<book_id>", 10.0, 60.0)]
    )
    ask("/books/1")
    later(ask, 20)
    begun, go_on = threading.Event(), threading.Event()
    plain = counted.next

    def held():
        begun.set()
        assert go_on.wait(10)
        return plain()

    counted.next = held
    made = []
    thread = threading.Thread(target=lambda: made.append(ask("/books/1").body))
    thread.start()
    assert begun.wait(10)
    assert ask("/books/1").body == b"book 1 run 1 "
    go_on.set()
    thread.join()
    assert made == [b"book 1 run 2 "]
    assert ask("/books/1").body == b"book 1 run 2 "


def test_who_waits_for_what_may_not_be_kept_is_let_go():
    import flask

    app = flask.Flask("shop")
    together = threading.Barrier(3, timeout=10)
    first = threading.Event()

    @app.get("/mine")
    def mine():
        if first.is_set():
            # Reached by all three only if none waits for another.
            together.wait()
        first.set()
        answer = flask.Response("mine")
        answer.set_cookie("a", "1")
        return answer

    ask = Wsgi(app, ["GET /mine"])
    ask("/mine")
    threads = [threading.Thread(target=ask, args=("/mine",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together.broken


def test_the_first_route_that_matches_counts():
    entry = CachedResponse("GET /books/<book_id>", 60.0)
    ask = Wsgi(flask_views(Counted()), [entry, dataclasses.replace(entry, ttl=1.0)])
    ask("/books/1")
    later(ask, 30)
    assert ask("/books/1").kept


def test_it_keeps_to_the_letter_of_wsgi():
    entries = ["GET /books/<book_id>", "GET /stream/<size>"]
    ask = Wsgi(flask_views(Counted()), entries)
    ask.app = validator(ask.app)
    # One inside reads all there is, so that nothing is kept.
    inside = Wsgi(validator(flask_views(Counted())), entries)
    inside.app = validator(inside.app)
    for path in ("/books/1", "/stream/3"):
        assert ask(path).body == ask(path).body
        assert ask(path).kept
        assert [inside(path).kept for _ in range(2)] == [False, False]


def test_a_client_that_goes_away_keeps_nobody_waiting():
    begun = asyncio.Event()

    async def view(request):
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        return PlainTextResponse("page")

    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    ask = Asgi(Starlette(routes=[Route("/page", view)]), ["GET /page"])

    async def act():
        gone = asyncio.create_task(ask.ask("/page"))
        await begun.wait()
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone
        later(ask, 2)
        return [(await ask.ask("/page")).kept for _ in range(2)]

    assert asyncio.run(act()) == [False, True]


def test_a_server_that_closes_early_keeps_nobody_waiting():
    ask = Wsgi(flask_views(Counted()), ["GET /stream/<size>"])
    environ = {"PATH_INFO": "/stream/9", "REQUEST_METHOD": "GET", "HTTP_HOST": "shop.test"}
    setup_testing_defaults(environ)
    body = ask.app(environ, lambda *_: None)
    next(iter(body))
    body.close()
    later(ask, 2)
    assert [ask("/stream/9").kept for _ in range(2)] == [False, True]
