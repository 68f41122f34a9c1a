"""An application that would write to its own data instead of the copy is found out."""

import asyncio
import os
import sqlite3
from contextlib import closing

import pytest

from surefoot import config
from surefoot.toolbox.data import copies
from surefoot.toolbox.data.reached import confirm, reached
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.target import find_application

SHOP = """
import os, sqlite3
import flask
app = flask.Flask(__name__)
PATH = {path}

@app.route("/books", methods=["GET", "POST"])
def books():
    with sqlite3.connect(PATH) as database:
        if flask.request.method == "POST":
            database.execute("INSERT INTO books VALUES ('written')")
        return database.execute("SELECT * FROM books").fetchall()
"""
WORKLOAD = {
    "request": [
        {"method": "GET", "path": "/books"},
        {"method": "POST", "path": "/books", "form": {}},
    ]
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [("os.environ['SHOP_DB']", True), ("os.path.abspath('shop.db')", False)],
)
def test_one_that_ignores_the_variable_is_told_before_anything_is_written(shop, path, expected):
    home = shop.parent
    (home / "app.py").write_text(SHOP.format(path=path))
    (home / "surefoot.toml").write_text('[data]\nurl_env = "SHOP_DB"\n')
    environ = {**os.environ, "SHOP_DB": "shop.db"}
    settings = config.load(home, environ={})

    async def main():
        application = await asyncio.to_thread(find_application, settings, environ)
        workload = parse_workload(WORKLOAD, "the test")
        async with copies(application, settings, ("base",)) as data:
            await confirm(data, "base", settings, workload)
            assert await data.used("base") is False
            found = await reached(data, "base", settings, workload)
            return found, data.writable, " ".join(data.notes)

    found, writable, notes = asyncio.run(main())
    assert (found, writable) == (expected, expected)
    assert ("never opened the copy that SHOP_DB names" in notes) is not expected
    with closing(sqlite3.connect(shop)) as database:
        assert database.execute("SELECT * FROM books").fetchall() == [("one",)]
