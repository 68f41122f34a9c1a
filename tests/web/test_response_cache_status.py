"""An answer says what was done with it, in Cache-Status, where that is wanted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cached import Asgi, Wsgi
from surefoot.config import CachedResponse
from surefoot.core.http_cache import status
from surefoot.core.http_cache.status import Status, bypassed, made, read_status
from surefoot.stores.inline import AsyncInline
from surefoot.stores.memory import MemoryStore


def flask_views():
    import flask

    app = flask.Flask("shop")
    app.secret_key = "k"
    app.config["failing"] = False

    @app.get("/page/<name>")
    def page(name):
        flask.abort(503) if app.config["failing"] else None
        return f"page {name}"

    @app.post("/page/<name>")
    def write(name):
        return "written"

    @app.get("/account")
    def account():
        return flask.session.get("name", "nobody")

    @app.get("/stream")
    def stream():
        return flask.Response(iter(["a", "b"]))

    def fail():
        app.config["failing"] = True

    return app, fail


def fastapi_views():
    from fastapi import FastAPI, HTTPException, Request
    from fastapi.responses import PlainTextResponse, StreamingResponse
    from starlette.middleware.sessions import SessionMiddleware

    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="k")
    app.state.failing = False

    @app.get("/page/{name}")
    def page(name: str):
        if app.state.failing:
            raise HTTPException(503)
        return PlainTextResponse(f"page {name}")

    @app.post("/page/{name}")
    def write(name: str):
        return "written"

    @app.get("/account")
    def account(request: Request):
        return request.session.get("name", "nobody")

    @app.get("/stream")
    def stream():
        return StreamingResponse(iter(["a", "b"]))

    def fail():
        app.state.failing = True

    return app, fail


@pytest.fixture(params=["wsgi", "asgi"])
def make(request):
    """Builds an application of either kind that tells, or does not."""
    asking, views, name = {
        "wsgi": (Wsgi, flask_views, "<name>"),
        "asgi": (Asgi, fastapi_views, "{name}"),
    }[request.param]

    def build(ttl=60.0, stale=0.0, **more):
        paths = (f"/page/{name}", "/account", "/stream")
        entries = [CachedResponse(f"GET {path}", ttl, stale) for path in paths]
        app, fail = views()
        ask = asking(app, entries, **{"status": True} | more)
        ask.fail = fail
        return ask

    build.store = MemoryStore if request.param == "wsgi" else lambda: AsyncInline(MemoryStore())
    return build


def told(answer):
    return answer.fields.get(status.FIELD)


def test_the_first_is_kept_and_the_second_was(make):
    ask = make()
    assert [told(ask("/page/a")) for _ in range(2)] == [
        "surefoot; fwd=uri-miss; stored",
        "surefoot; hit",
    ]


def test_it_says_why_one_is_not_kept(make):
    ask = make()
    first, second = (read_status(told(ask("/account"))) for _ in range(2))
    assert first == Status(why="the session was read")
    assert second == Status(why="it was refused a moment ago, or the store does not answer")


def test_it_says_why_one_was_not_looked_for(make):
    ask = make()
    ask("/page/a")
    found = told(ask("/page/a", cookie="session=abc"))
    assert found == 'surefoot; fwd=bypass; detail="it carries a session"'


def test_of_a_stream_nothing_is_known_when_it_begins(make):
    ask = make()
    assert [told(ask("/stream")) for _ in range(2)] == ["surefoot; fwd=uri-miss", "surefoot; hit"]


def test_a_stale_answer_in_place_of_a_failure_says_so(make):
    ask = make(ttl=1.0, stale=60.0)
    ask("/page/a")
    ask.fail()
    later = ask.caching.clock() + 5
    ask.caching.clock = lambda: later
    assert told(ask("/page/a")) == "surefoot; fwd=stale; fwd-status=503"


def test_nothing_is_said_of_what_is_not_cached_nor_unless_it_is_wanted(make):
    ask = make()
    assert told(ask("/elsewhere")) is None
    assert told(ask("/page/a", "POST")) is None
    silent = make(status=False)
    assert [told(silent("/page/a")) for _ in range(2)] == [None, None]


def test_applications_that_share_a_store_do_not_find_each_other_s(make):
    store = make.store()
    one, other = make(store=store, space="one"), make(store=store, space="other")
    one("/page/a")
    assert read_status(told(other("/page/a"))).stored
    assert read_status(told(one("/page/a"))).hit
    other("/page/a", "POST")
    assert read_status(told(one("/page/a"))).hit
    assert not read_status(told(other("/page/a"))).hit


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=150))
def test_whatever_is_said_is_read_again(why):
    assert read_status(bypassed(why)) == Status(why=why)
    assert read_status(bypassed(f"surefoot; hit, {why}")).hit is False
    assert read_status(f"origin; hit, {made(stored=False, why=why)}") == Status(why=why)


@given(st.text())
def test_what_a_header_cannot_hold_is_never_in_it(why):
    field = bypassed(why)
    assert field.isascii()
    assert field.isprintable()
    assert len(field) < 500


@given(st.text())
def test_any_text_is_read(text):
    assert isinstance(read_status(text), Status)
    if "surefoot" not in text:
        assert read_status(text) == Status()
