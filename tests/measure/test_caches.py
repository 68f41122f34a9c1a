"""What the caches of a real application did is part of its measurement."""

import sys

import pytest

SHOP = """
import sqlite3, flask
from surefoot.cache import Cache

app = flask.Flask(__name__)
cache = Cache.from_url("sqlite:///cache.db", name="books", local="1MB")
database = sqlite3.connect("shop.db", check_same_thread=False)

@cache.cached(ttl="300ms", tags=["books"])
def load(number: int) -> str:
    return str(database.execute("select ?", (number,)).fetchone())

@app.get("/books/<int:number>")
def book(number):
    return load(number)

@app.get("/unkept/<int:number>")
def unkept(number):
    return cache.get_or_compute(f"unkept {number}", lambda: "x", ttl=0.001)

@app.get("/answers/<int:number>")
def answer(number):
    return "answer " * number
"""
CONFIG = """
[cache]
url = "sqlite:///answers.db"
[[cache.response]]
route = "GET /answers/<int:number>"
ttl = "1s"
"""


@pytest.fixture
def result(surefoot, application):
    folder = application(SHOP, "/books/1", "/books/2", "/unkept/1", "/answers/3")
    with (folder / "surefoot.toml").open("a") as configuration:
        configuration.write(CONFIG)
    run = surefoot("measure", "--python", sys.executable, "--seconds", "2", cwd=folder)
    assert run.code in {0, 3}, run.err
    assert "books" in run.out
    return run.result


@pytest.mark.in_pairs
def test_caches_are_shown_by_name_and_tier_and_their_work_is_their_own(result):
    found = {(each["name"], each["tier"]): each for each in result["caches"]}
    local, shared = found["books", "local"], found["books", "shared"]
    answers, store = found["GET /answers/<int:number>", "shared"], found["(responses)", "shared"]
    assert local["hits"] > local["misses"] * 0.2
    assert local["entries"] >= 2
    assert shared["computed"] > 0
    assert shared["misses"] <= local["misses"]
    assert shared["store_calls"] > shared["computed"]
    assert shared["store_ms"] > 0
    assert answers["hits"] > 10 * answers["misses"]
    # A call for each that was looked up: both were counted over the same time.
    assert 0.95 < store["store_calls"] / (answers["hits"] + 2 * answers["misses"]) < 1.1
    # The cache's file is SQLite, too, and no database of the application's.
    (unkept,) = (route for route in result["routes"] if "unkept" in route["route"])
    assert not [name for name in unkept["demands"] if name.startswith("db.")]
    texts = [line["text"] for route in result["routes"] for line in route["evidence"]]
    assert not [text for text in texts if "from slot" in text]


READING = """
import flask
from surefoot.cache import Cache

app = flask.Flask(__name__)
cache = Cache.from_url("sqlite:///cache.db", name="words")

@cache.cached(ttl="1h", tags=["words"])
def word(number: int) -> str:
    return f"word {number}"

@app.get("/words/<int:number>")
def words(number):
    return " ".join(word(each) for each in range(20))
"""


@pytest.mark.in_pairs
def test_what_copies_would_bring_is_predicted(surefoot, application):
    folder = application(READING, "/words/1", "/words/2")
    run = surefoot("measure", "--python", sys.executable, "--seconds", "2", cwd=folder)
    assert run.code in {0, 3}, run.err
    changes = {each["lever"]: each for each in run.result["changes"]}
    tier = changes["local-tier"]
    # Twenty words are read again and again, and a copy of one lives for a second.
    assert tier["predicted_gain"] > 1.1
    assert [edit["key"] for edit in tier["action"]["edits"]] == ["cache.local"]
    assert {each["tier"] for each in run.result["caches"]} == {"shared"}
