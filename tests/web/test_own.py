"""An application whose own server imports it is wrapped as surefoot.toml says."""

from __future__ import annotations

import pytest

from programs import printed

FLASK = """
import flask
from surefoot.web import own
app = flask.Flask("shop")
app.add_url_rule("/books/<int:number>", "book", lambda number: f"book {number}")
app.wsgi_app = own.wsgi(app.wsgi_app)
client = app.test_client()
for _ in range(2):
    print(client.get("/books/7").headers.get("Cache-Status"))
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from surefoot.web import own
async def book(request):
    return PlainTextResponse("book")
app = own.asgi(Starlette(routes=[Route("/books/{number:int}", book)]))
client = TestClient(app)
for _ in range(2):
    print(client.get("/books/7").headers.get("Cache-Status"))
"""


@pytest.mark.parametrize(
    ("program", "route"),
    [(FLASK, "/books/<int:number>"), (STARLETTE, "/books/{number:int}")],
    ids=["flask", "starlette"],
)
def test_answers_are_kept(program, route, tmp_path):
    (tmp_path / "surefoot.toml").write_text(
        f'[cache]\nstatus = true\n[[cache.response]]\nroute = "GET {route}"\nttl = "1m"\n'
    )
    first, second = printed(program, directory=tmp_path)
    assert first == "surefoot; fwd=uri-miss; stored"
    assert second.startswith("surefoot; hit")


def test_with_nothing_to_do_it_is_the_application_itself(tmp_path):
    (tmp_path / "surefoot.toml").write_text('[health]\nprefix = ""\n')
    program = "from surefoot.web import own\napp = lambda *_: []\nprint(own.wsgi(app) is app)"
    assert printed(program, directory=tmp_path) == ["True"]
