"""Asked as nobody and as users, an application says which of its pages are for everybody."""

import asyncio
import os
import tomllib

import pytest

from surefoot import config
from surefoot.errors import RefusedError
from surefoot.toolbox.everybody import same_for_everybody
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.target import find_application

FLASK = """
import itertools
from flask import Flask, Response, request, session

app = Flask(__name__)
app.secret_key = "only for a test"
visits = itertools.count()


@app.get("/books/<int:number>")
def book(number):
    return f"book {number}, seen {next(visits)} times"


@app.get("/account")
def account():
    return session.get("name", "nobody")


@app.get("/unseen")
def unseen():
    # Looked at without a name, so that no door notes it.
    return "for you" if any("session=" in str(v) for v in request.environ.values()) else "for all"


@app.get("/form")
def form():
    return Response("form", headers={"Set-Cookie": f"csrftoken={next(visits)}"})


@app.post("/log-in")
def log_in():
    session["name"] = request.form["mail"]
    return "in"
"""
FASTAPI = """
import itertools
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="only for a test")
visits = itertools.count()


@app.get("/books/{number}")
async def book(number: int):
    return {"book": number, "seen": next(visits)}


@app.get("/account")
async def account(request: Request):
    return request.session.get("name", "nobody")


@app.get("/unseen")
async def unseen(request: Request):
    return "for you" if any(b"session=" in v for _, v in request.scope["headers"]) else "for all"


@app.get("/form")
async def form():
    return PlainTextResponse("form", headers={"Set-Cookie": f"csrftoken={next(visits)}"})


@app.post("/log-in")
async def log_in(request: Request):
    request.session["name"] = (await request.body()).decode()
    return "in"
"""
WORKLOAD = """
users = 3

[data]
account = [{ mail = "ann@example.org" }, { mail = "bob@example.org" }]

[[request]]
login = true
method = "POST"
path = "/log-in"
form = { mail = "{account.mail}" }

[[request]]
path = "/books/{1..9}"

[[request]]
path = "/account"

[[request]]
path = "/unseen"
"""
SHOPS = {"flask": (FLASK, "<int:number>"), "fastapi": (FASTAPI, "{number}")}


@pytest.fixture(params=["flask", "fastapi"])
def asked(request, tmp_path):
    """Asks a shop for its three pages; what was found, by path."""
    source, number = SHOPS[request.param]
    (tmp_path / "shop.py").write_text(source)

    def attempt(workload=WORKLOAD, **flags):
        environ = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
        settings = config.load(tmp_path, environ=environ, flags={"app.target": "shop:app"} | flags)
        found = asyncio.run(
            same_for_everybody(
                find_application(settings, environ),
                settings,
                parse_workload(tomllib.loads(workload), "workload.toml"),
                [f"GET /books/{number}", "GET /account", "GET /unseen"],
                seconds=30.0,
                stop=asyncio.Event(),
            )
        )
        return {each.route.split()[1].split("/")[1]: each for each in found}

    return attempt


def test_pages_for_all_are_told_from_pages_for_each(asked):
    found = asked()
    assert {path: each.proven for path, each in found.items()} == {
        "books": True, "account": False, "unseen": False
    }  # fmt: skip
    assert found["books"].answers.compared == 40
    assert found["books"].users == 2
    example = found["account"].answers.examples[0]
    assert example.request == "GET /account"
    assert example.sides[0] == "nobody"
    assert "nobody" in example.base
    assert "nobody" not in example.variant


def test_nothing_is_kept_meanwhile(asked):
    kept = {"cache.response[GET /account].ttl": "60s"}
    assert not asked(**kept)["account"].proven


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('path = "/log-in"', 'path = "/no-such-page"', "user 1 could not log in"),
        ('path = "/log-in"', 'path = "/books/{account.mail}"', "could not log in"),
        ('method = "POST"\npath = "/log-in"\nform = { mail = "{account.mail}" }',
         'path = "/account?{account.mail}"', "no cookies of their own"),
        ('method = "POST"\npath = "/log-in"\nform = { mail = "{account.mail}" }',
         'path = "/form?{account.mail}"', "no cookies of their own"),
    ],
)  # fmt: skip
def test_users_who_are_not_logged_in_prove_nothing(asked, before, after, why):
    with pytest.raises(RefusedError, match=why):
        asked(WORKLOAD.replace(before, after))
