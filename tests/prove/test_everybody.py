"""A page that is to be for everybody is asked for as nobody and as several users first."""

from __future__ import annotations

import shutil
import sys

import pytest

QUICK = ("--python", sys.executable, "--seconds", "20")
BOOK, ACCOUNT = "GET /books/<int:number>", "GET /account"

SHOP = """
from flask import Flask, request, session

app = Flask(__name__)
app.secret_key = "only for a test"


@app.get("/books/<int:number>")
def book(number):
    return {"number": number, "title": "A Bridge"}


@app.get("/account")
def account():
    # A session that is looked for by its value alone is seen by no door.
    cookies = [value for value in request.environ.values() if "session=" in str(value)]
    return {"name": session["name"] if cookies else "stranger"}


@app.post("/log-in")
def log_in():
    session["name"] = request.form["mail"]
    return "in"
"""
LOG_IN = """
users = 3

[data]
account = [{ mail = "ann@example.org" }, { mail = "bob@example.org" }, { mail = "eve@example.org" }]

[[request]]
login = true
method = "POST"
path = "/log-in"
form = { mail = "{account.mail}" }
"""
PAGES = """
[[request]]
path = "/books/{1..9}"

[[request]]
path = "/account"
"""


@pytest.fixture
def shop(application):
    """The shop with a workload; ``shop(log_in)`` takes another log-in."""

    def written(log_in=LOG_IN):
        home = application(SHOP)
        (home / "workload.toml").write_text(log_in + PAGES)
        return home

    return written


def everybody(route, ttl="30s"):
    key = f"cache.response[{route}]"
    return ("--set", f"{key}.ttl={ttl}", "--set", f"{key}.everybody=true")


def test_a_page_that_is_the_same_for_all_is_proven_to_be(surefoot, shop):
    shop()
    run = surefoot("prove", *everybody(BOOK), "--html", "proof.html", *QUICK)
    assert run.result["verdict"] != "wrong-answers", run.out
    assert run.result["answers"]["compared"] > 100
    assert run.result["answers"]["differing"] == 0
    assert run.result["everybody"] == [{"route": BOOK, "users": 3, "compared": 60, "differing": 0}]
    told = "60 answers to 3 users, all as nobody is answered"
    assert f"for everybody: {BOOK}: {told}" in " ".join(run.out.split())
    page = (surefoot.directory / "proof.html").read_text()
    assert "60 answers to users were compared" in page


def test_a_page_that_is_another_for_each_user_is_caught(surefoot, shop):
    shop()
    run = surefoot("prove", *everybody(BOOK), *everybody(ACCOUNT), "--html", "proof.html", *QUICK)
    assert run.result["verdict"] == "wrong-answers", run.out
    assert run.code == 1
    assert run.result["why"].startswith(f"{ACCOUNT} is not the same for everybody: 60 of 60")
    examples = run.result["answers"]["examples"]
    example = next(each for each in examples if each["where"] == "/name")
    assert example["request"] == "GET /account"
    assert (example["base"], example["variant"]) == ('"stranger"', '"ann@example.org"')
    assert example["sides"] == ["nobody", "user 1"]
    assert 'nobody   "stranger"' in run.out
    assert 'user 1   "ann@example.org"' in run.out
    assert [each["differing"] for each in run.result["everybody"]] == [0, 60]
    page = (surefoot.directory / "proof.html").read_text()
    assert "60 of 60 answers to users differ" in page
    assert "nobody   &#34;stranger&#34;" in page


@pytest.mark.parametrize(
    ("log_in", "why"),
    [
        ("", "workload.toml has no users"),
        (LOG_IN.replace('"{account.mail}"', '"ann@example.org"'), "log in as the same one"),
    ],
)  # fmt: skip
def test_without_two_users_it_is_refused(surefoot, shop, log_in, why):
    shop(log_in)
    run = surefoot("prove", *everybody(BOOK), *QUICK)
    assert (run.code, run.result) == (1, None)
    assert why in run.err
    assert "users = 2" in run.err


def in_force(home):
    table = f"\n[[cache.response]]\nroute = '{BOOK}'\nttl = '5s'\neverybody = true\n"
    (home / "surefoot.toml").write_text((home / "surefoot.toml").read_text() + table)


def branch(home, before, after):
    """Another working copy of the shop, with a line of it changed; returns the copy's name."""
    other = home / "branch"
    other.mkdir()
    (other / "shop.py").write_text(SHOP.replace(before, after))
    shutil.copy(home / "surefoot.toml", other)
    return str(other)


def test_code_that_makes_a_page_for_everybody_another_for_each_user_is_caught(surefoot, shop):
    home = shop()
    in_force(home)
    other = branch(home, '{"number": number, "title": "A Bridge"}', "account()")
    run = surefoot("prove", "--with", other, *QUICK)
    assert run.result["verdict"] == "wrong-answers", run.out
    assert run.result["why"].startswith(f"{BOOK} is not the same for everybody")


def test_where_it_cannot_be_asked_again_that_is_told(surefoot, shop):
    home = shop("")
    in_force(home)
    run = surefoot("prove", "--with", branch(home, "A Bridge", "A Bridge"), *QUICK)
    assert run.result is not None, run.err
    assert [note for note in run.result["notes"] if "workload.toml has no users" in note]


def test_what_was_proven_before_is_not_asked_again(surefoot, shop):
    in_force(shop())
    run = surefoot("prove", "--set", f"cache.response[{BOOK}].ttl=6s", *QUICK)
    assert run.result is not None, run.err
    assert run.result["everybody"] == []
