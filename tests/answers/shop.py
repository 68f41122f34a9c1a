"""A site whose pages vary in ways that are no mistake, and that makes those ``WRONG`` names."""

import gzip
import itertools
import os
import random
import secrets
import time
import uuid

import flask

WRONG = os.environ.get("WRONG", "").split(",")
START = time.time()
app = flask.Flask(__name__)
app.secret_key = secrets.token_hex(16)
visits = itertools.count(1)
orders = itertools.count(random.randrange(1000, 2000))
asked = itertools.count(1)


def wrong(what):
    return what in WRONG


@app.get("/clock")
def clock():
    now = f"{START if wrong('frozen') else time.time():.3f}"
    now = "noon" if wrong("clock") else now
    price = 11 if wrong("price") else 10
    page = flask.request.args.get("page", "1")
    return f"<html><h1>Page {page}</h1><p>Rendered at <b>{now}</b></p><p>Costs {price}</p></html>"


@app.get("/form")
def form():
    token = flask.session.setdefault("token", secrets.token_hex(16))
    if wrong("form"):
        token = secrets.token_hex(16)
    return f'<form><input type="hidden" name="csrf" value="{token}"><input name="q"></form>'


@app.post("/form")
def posted():
    if flask.request.form["csrf"] != flask.session.get("token"):
        flask.abort(403)
    return flask.redirect("/elsewhere" if wrong("redirect") else "/done")


@app.get("/books/<int:book>")
def book(book):
    title = f"Book {book}"
    if wrong("thousandth") and next(asked) % 1000 == 0:
        title += "!"
    answer = flask.jsonify(
        {
            "request": "same" if wrong("uuid") else str(uuid.uuid4()),
            "book": {"id": book, "title": title, "tags": ["old", "new"]},
        }
    )
    answer.headers["X-Request-ID"] = uuid.uuid4().hex
    answer.headers["Cache-Control"] = "no-store" if wrong("header") else "max-age=60, public"
    return answer


@app.get("/shuffled")
def shuffled():
    books = [{"id": n, "seen": random.random(), "price": 3 * n} for n in range(6)]
    if wrong("shuffled"):
        books[2]["price"] = 7
    random.shuffle(books)
    return {"books": books, "total": 6}


@app.get("/visits")
def visited():
    count = next(visits)
    if wrong("counter") and count % 7 == 0:
        count -= 1
    return {"visits": count}


@app.post("/orders")
def order():
    number = next(orders)
    if wrong("number") and number % 5 == 0:
        number -= 1
    return {"number": number, "key": secrets.token_urlsafe(12), "copies": 1}, 201


@app.get("/status")
def status():
    return {"fine": True}, 404 if wrong("status") else 200


@app.get("/lottery")
def lottery():
    # Half of them: of one in four, 40 answers hold too few once in 200 runs.
    choices = ["red", "green", "blue", *(["black"] * 3 if wrong("lottery") else [])]
    return {"colour": random.choice(choices)}


@app.after_request
def compress(answer):
    if wrong("gzip") and not answer.direct_passthrough:
        answer.set_data(gzip.compress(answer.get_data()))
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept-Encoding"
    return answer
