"""Applications that want their users to log in, and are strict about it."""

from __future__ import annotations

import shutil
import sys

import pytest

QUICK = ("--python", sys.executable, "--seconds", "20")

SHOP = """
import os, secrets
from flask import Flask, abort, request, session

app = Flask(__name__)
app.secret_key = "only for a test"
tries = []


@app.post("/login")
def login():
    tries.append(1)
    # Two users, and nobody may try again.
    if len(tries) > LIMIT:
        abort(429)
    session["user"] = secrets.token_hex(8)
    return "welcome"


@app.get("/account")
def account():
    return {"user": session["user"], "balance": 7}
"""

WORKLOAD = """
users = 2

[[request]]
login = true
method = "POST"
path = "/login"

[[request]]
path = "/account"
"""


@pytest.fixture
def strict(application, tmp_path):
    """The shop, and beside it a copy whose log-in has another limit; returns the copy's name."""

    def written(limit):
        home = application(SHOP.replace("LIMIT", "2"))
        (home / "workload.toml").write_text(WORKLOAD)
        other = tmp_path / "branch"
        other.mkdir()
        (other / "shop.py").write_text(SHOP.replace("LIMIT", str(limit)))
        shutil.copy(home / "surefoot.toml", other)
        return str(other)

    return written


def test_users_log_in_once_for_the_whole_proof(surefoot, strict):
    run = surefoot("prove", "--with", strict(2), *QUICK)
    assert run.result is not None, run.err
    assert run.result["answers"]["compared"] > 100
    assert run.result["answers"]["differing"] == 0


def test_a_variant_at_which_nobody_can_log_in_gives_wrong_answers(surefoot, strict):
    run = surefoot("prove", "--with", strict(0), *QUICK)
    assert run.result["verdict"] == "wrong-answers", run.out
    assert "answered 429" in run.result["answers"]["examples"][0]["variant"]
