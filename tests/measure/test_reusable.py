"""Which answers could be given again is tried on the application itself."""

import asyncio
import os
import tomllib

import pytest

from surefoot import config
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.measure.reusable import reusable
from surefoot.toolbox.target import find_application

FLASK = """
from flask import Flask, Response, request, session

app = Flask(__name__)
app.secret_key = "only for a test"

@app.get("/books/<int:number>")
def book(number):
    return f"book {number}"

@app.get("/account")
def account():
    return session.get("name", "nobody")

@app.get("/stream/<int:number>")
def stream(number):
    return Response(iter(["part one, ", "part two"]))

@app.get("/cookie")
def cookie():
    return Response("c", headers={"Set-Cookie": "seen=1"})

@app.post("/log-in")
def log_in():
    session["name"] = request.form.get("mail", "reader")
    return "in"
"""
FASTAPI = """
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="only for a test")

@app.get("/books/{number}")
async def book(number: int):
    return f"book {number}"

@app.get("/account")
async def account(request: Request):
    return request.session.get("name", "nobody")

@app.get("/stream/{number}")
async def stream(number: int):
    return StreamingResponse(iter(["part one, ", "part two"]))

@app.get("/cookie")
async def cookie():
    return PlainTextResponse("c", headers={"Set-Cookie": "seen=1"})

@app.post("/log-in")
async def log_in(request: Request):
    request.session["name"] = (await request.body()).decode() or "reader"
    return "in"
"""
WORKLOAD = """
[[request]]
path = "/books/{1..3}"
weight = 50

[[request]]
path = "/account"

[[request]]
path = "/stream/{1..3}"

[[request]]
path = "/cookie"

[[request]]
method = "POST"
path = "/log-in"
"""
LOG_IN = """
users = 2

[[request]]
login = true
method = "POST"
path = "/log-in"
"""
ACCOUNTS = """
users = 2

[data]
account = [{ mail = "ann@example.org" }, { mail = "bob@example.org" }]

[[request]]
login = true
method = "POST"
path = "/log-in"
form = { mail = "{account.mail}" }
"""
SHOPS = {"flask": (FLASK, "<int:number>"), "fastapi": (FASTAPI, "{number}")}


@pytest.fixture(params=["flask", "fastapi"])
def tried(request, tmp_path):
    """Tries a shop's routes with a workload; what was found, by path."""
    source, number = SHOPS[request.param]
    (tmp_path / "shop.py").write_text(source)
    names = [f"GET /books/{number}", "GET /account", f"GET /stream/{number}", "GET /cookie"]

    def attempt(workload=WORKLOAD, **flags):
        environ = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
        settings = config.load(tmp_path, environ=environ, flags={"app.target": "shop:app"} | flags)
        found = asyncio.run(
            reusable(
                find_application(settings, environ),
                settings,
                parse_workload(tomllib.loads(workload), "workload.toml"),
                [*names, "POST /log-in", "GET (no route)"],
                asyncio.Event(),
            )
        )
        attempt.notes = found.notes
        return {each.route.split()[1].split("/")[1]: each for each in found.routes}

    attempt.book = names[0]
    attempt.shop = tmp_path / "shop.py"
    return attempt


def test_each_route_is_kept_or_says_why_not(tried):
    found = tried()
    assert {path: (each.kept > 0, each.why) for path, each in found.items()} == {
        "books": (True, ""),
        "stream": (True, ""),
        "account": (False, "the session was read"),
        "cookie": (False, "it carries set-cookie"),
    }
    assert all(each.kept in {0, each.tried} for each in found.values())


def test_how_soon_the_same_is_asked_for_is_counted_on_the_workload(tried):
    found = tried()
    assert dict(found["books"].reuse)[256] > 0.95
    assert 0.05 < dict(found["stream"].reuse)[256] < 0.9


def test_without_two_accounts_who_is_logged_in_gets_no_kept_answer(tried):
    found = tried(LOG_IN + WORKLOAD)
    assert {each.kept for each in found.values()} == {0}
    assert found["books"].why == "it carries a session"
    (note,) = tried.notes
    assert "all users of workload.toml log in as the same one" in note


def test_what_users_are_answered_alike_is_tried_for_everybody(tried):
    found = tried(ACCOUNTS + WORKLOAD)
    assert {path: (each.kept > 0, each.alike, each.users) for path, each in found.items()} == {
        "books": (True, 40, 2),
        "stream": (True, 40, 2),
        "account": (False, 0, 0),
        "cookie": (False, 0, 0),
    }
    assert found["books"].kept == found["books"].tried
    assert found["account"].why.startswith(
        "it is not the same for everybody: GET /account differs in body"
    )
    assert found["cookie"].why == "it carries set-cookie"
    assert tried.notes == ()


# Nobody is logged in there: whether answers are for everybody is not asked.
def test_where_nobody_has_a_session_nothing_more_is_asked(tried):
    assert {each.alike for each in tried().values()} == {0}
    assert tried.notes == ()


def test_an_application_that_does_not_start_once_more_is_told_of(tried):
    source = tried.shop.read_text()
    once = """
from pathlib import Path

ran = Path(__file__).with_name("ran")
if ran.exists():
    raise SystemExit("there can be only one")
ran.touch()
"""
    tried.shop.write_text(once + source)
    assert tried() == {}
    (note,) = tried.notes
    assert note.startswith("which answers may be kept was not tried: ")


def test_what_is_kept_already_is_not_tried(tried):
    found = tried(**{f"cache.response[{tried.book}].ttl": "5s"})
    assert set(found) == {"stream", "account", "cookie"}


def test_where_there_is_nothing_to_read_nothing_is_tried(tried):
    assert tried("[[request]]\nmethod = 'POST'\npath = '/log-in'\n") == {}
