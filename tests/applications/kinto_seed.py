"""Fills Kinto through its own HTTP interface: a bucket, a collection, 400 records.

As a script it fills the database that an ini file names. Named in ``kinto.includes`` it fills every
process as it starts, which the backends in memory need.
"""

import json
import sys

from pyramid.events import ApplicationCreated
from pyramid.request import Request

AUTHORIZATION = "Basic cmVhZGVyOm9wZW4="  # reader:open
HOME = "/v1/buckets/shop/collections/books"
GENRES = ["crime", "poetry", "travel", "nature", "science"]


def includeme(config):
    config.add_subscriber(lambda event: fill(event.app), ApplicationCreated)


def fill(app):
    send(app, "PUT", "/v1/buckets/shop", {})
    send(app, "PUT", HOME, {})
    for first in range(0, 400, 25):
        records = [record(number) for number in range(first, first + 25)]
        send(app, "POST", "/v1/batch", {"requests": records})


def record(number):
    data = {
        "title": f"book {number}",
        "genre": GENRES[number % 5],
        "year": 1900 + number * 7 % 120,
        "words": f"about a book whose number is {number}, " * 5,
    }
    return {"method": "PUT", "path": f"{HOME}/records/book-{number}", "body": {"data": data}}


def send(app, method, path, body):
    headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
    request = Request.blank(path, method=method, headers=headers, body=json.dumps(body).encode())
    answer = request.get_response(app)
    assert answer.status_int in {200, 201}, answer.text


if __name__ == "__main__":
    from pyramid.paster import get_app

    made = get_app(sys.argv[1])
    fill(made)
    print("filled")
