"""What was done with the requests of each route is counted, in both interfaces."""

import time

import pytest

from cached import Asgi, Wsgi
from surefoot.cache.registry import totals
from surefoot.config import CachedResponse
from surefoot.errors import StoreError
from surefoot.stores.inline import AsyncInline
from surefoot.stores.memory import MemoryStore


class Moody(MemoryStore):
    """Does not answer while told not to."""

    away = False

    def get(self, keys):
        if self.away:
            raise StoreError("away")
        return super().get(keys)


class State:
    status = 200


def flask_app(state):
    import flask

    app = flask.Flask("shop")

    @app.get("/books/<number>")
    def book(number):
        return f"book {number}", state.status

    @app.get("/mine/<number>")
    def mine(number):
        return flask.Response("mine", headers={"Cache-Control": "private"})

    return app


def fastapi_app(state):
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse

    app = FastAPI()

    @app.get("/books/{number}")
    def book(number: str):
        return PlainTextResponse(f"book {number}", state.status)

    @app.get("/mine/{number}")
    def mine(number: str):
        return PlainTextResponse("mine", headers={"Cache-Control": "private"})

    return app


class Shop:
    def __init__(self, interface, **terms):
        self.state, self.store = State(), Moody()
        app, part = (flask_app, "<{}>") if interface == "wsgi" else (fastapi_app, "{{{}}}")
        self.paths = [f"/{first}/{part.format('number')}" for first in ("books", "mine")]
        entries = [CachedResponse(f"GET {path}", **terms) for path in self.paths]
        if interface == "wsgi":
            self.ask = Wsgi(app(self.state), entries, self.store)
        else:
            self.ask = Asgi(app(self.state), entries, AsyncInline(self.store))

    def counts(self, first="books"):
        name = f"GET {next(path for path in self.paths if first in path)}"
        (found,) = (t for t in self.ask.app._counting.totals() if t.name == name)
        return found


@pytest.fixture(params=["wsgi", "asgi"])
def interface(request):
    return request.param


def test_hits_misses_and_what_was_not_looked_up(interface):
    shop = Shop(interface, ttl=60.0)
    for path in ("/books/1", "/books/1", "/books/1", "/books/2"):
        assert shop.ask(path).status == 200
    shop.ask("/books/1", authorization="Bearer x")
    counts = shop.counts()
    assert (counts.hits, counts.misses, counts.computed, counts.bypassed) == (2, 2, 2, 1)
    assert (counts.stale, counts.failed, counts.refused, counts.unanswered) == (0, 0, 0, 0)
    assert counts.tier == "memory"


def test_stale_answers_and_answers_that_fail(interface):
    shop = Shop(interface, ttl=0.001, stale=60.0)
    shop.ask("/books/1")
    shop.state.status = 503
    time.sleep(0.01)
    assert shop.ask("/books/1").body == b"book 1"
    assert shop.ask("/books/1").kept
    counts = shop.counts()
    assert (counts.failed, counts.stale, counts.refused) == (1, 1, 0)


def test_answers_that_may_not_be_kept(interface):
    shop = Shop(interface, ttl=60.0)
    for _ in range(3):
        shop.ask("/mine/1")
    counts = shop.counts("mine")
    assert (counts.refused, counts.computed, counts.misses, counts.hits) == (1, 1, 3, 0)
    assert shop.counts().misses == 0


def test_a_store_that_is_away(interface):
    shop = Shop(interface, ttl=60.0)
    shop.ask("/books/1")
    shop.store.away = True
    for _ in range(3):
        assert shop.ask("/books/1").status == 200
    counts = shop.counts()
    assert (counts.unanswered, counts.misses, counts.hits) == (3, 1, 0)


def test_telemetry_finds_them_and_what_the_store_keeps(interface):
    shop = Shop(interface, ttl=60.0)
    shop.ask("/books/1")
    found = {total.name: total for total in totals()}
    assert found[f"GET {shop.paths[0]}"].misses >= 1
    assert found["(responses)"].tier == "memory"
    assert found["(responses)"].entries >= 2, "an answer, and what it hangs on"
