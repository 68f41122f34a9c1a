"""What is asked, of which data, and what becomes of bad weather."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from surefoot.errors import ServerError, WorkloadError
from surefoot.toolbox.data import copies
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.state.check import shared_state

SHOP = """
    import os, sqlite3, flask
    app = flask.Flask(__name__)
    KNOWN = {}

    def ask(statement):
        path = os.environ["SHOP_URL"].removeprefix("sqlite:///")
        with sqlite3.connect(path) as connection:
            return connection.execute(statement).fetchall()

    @app.get("/books")
    def books():
        return {"books": len(ask("select * from book"))}

    @app.get("/first")
    def first():
        if "first" not in KNOWN:
            KNOWN["first"] = ask("select max(title) from book")[0][0]
        return {"first": KNOWN["first"]}

    @app.post("/books")
    def add():
        ask("insert into book values ('z')")
        KNOWN.clear()
        return {}, 201
    """
REQUESTS = [{"path": "/books"}, {"path": "/first"}, {"path": "/books", "method": "POST"}]


def test_copies_of_the_data_are_written_to_and_the_data_is_not(locate, tmp_path):
    database = tmp_path / "shop.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("create table book (title)")
        connection.execute("insert into book values ('a')")
    files = {"app.py": SHOP, "surefoot.toml": '[data]\nurl_env = "SHOP_URL"\n'}
    application, settings = locate(files, SHOP_URL=f"sqlite:///{database}")

    async def on_copies():
        async with copies(application, settings, ("base", "again", "variant")) as data:
            report = await shared_state(
                application,
                settings,
                parse_workload({"request": REQUESTS}, "test"),
                replicas=2,
                say=lambda _: None,
                stop=asyncio.Event(),
                data=data,
            )
            path = data.environment("base")["SHOP_URL"].partition("///")[2]
            with sqlite3.connect(path) as connection:
                return report, connection.execute("select count(*) from book").fetchone()

    report, rows = asyncio.run(on_copies())
    assert rows == (1,)
    assert {(finding.file, finding.line) for finding in report.findings} == {("app.py", 18)}
    assert "KNOWN at app.py:18 (and app.py:24) is kept" in report.findings[0].text
    assert {example.request for example in report.answers.examples} == {"GET /first"}
    with sqlite3.connect(database) as connection:
        assert connection.execute("select count(*) from book").fetchone() == (1,)


class Shared:
    writable = False

    def environment(self, label):
        return {"LABEL": label}

    async def reset(self, label):
        self.label = label


COUNTER = """
    import flask
    app = flask.Flask(__name__)
    N = []

    @app.get("/")
    def index():
        return str(len(N))

    @app.post("/")
    def add():
        N.append(1)
        return ""
    """


def test_without_a_copy_nothing_is_written_and_it_says_so(locate, ask):
    application, settings = locate({"app.py": COUNTER})
    requests = [{"path": "/"}, {"path": "/", "method": "POST"}]
    data = Shared()
    report = ask(application, settings, {"request": requests}, data=data)
    assert report.safe
    assert any("what writes was not asked for (POST /)" in note for note in report.notes)
    with pytest.raises(WorkloadError, match="there is no request"):
        ask(application, settings, {"request": requests[1:]}, data=data)


def test_stopped_early_it_is_not_safe(locate, ask):
    application, settings = locate({"app.py": COUNTER})
    stop = asyncio.Event()
    stop.set()
    report = ask(application, settings, {"request": [{"path": "/"}]}, stop=stop)
    assert not report.safe
    assert report.findings == ()


def test_what_there_was_no_time_for_is_noted(locate, ask):
    application, settings = locate(
        {"app.py": COUNTER.replace("return str", "import time; time.sleep(.4); return str")}
    )
    requests = [{"path": "/"}, {"path": "/", "method": "POST"}]
    report = ask(application, settings, {"request": requests}, seconds=0.9)
    assert any("there was time for 1 of" in note for note in report.notes)


def test_what_only_one_process_can_have(locate, ask):
    app = """
    import fcntl, flask
    app = flask.Flask(__name__)
    LOCK = open("only.one", "w")
    fcntl.flock(LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @app.get("/")
    def index():
        return ""
    """
    application, settings = locate({"app.py": app})
    report = ask(application, settings, {"request": [{"path": "/"}]})
    assert not report.safe
    assert "one process comes up and 2 beside each other do not" in report.findings[0].text
    assert "BlockingIOError" in report.findings[0].text


def test_an_application_that_does_not_start_is_an_error(locate, ask, tmp_path):
    application, settings = locate({"app.py": COUNTER})
    (tmp_path / "app.py").write_text("raise RuntimeError('broken since')")
    with pytest.raises(ServerError, match="broken since"):
        ask(application, settings, {"request": [{"path": "/"}]})


def test_a_route_that_fails_is_compared_as_any(locate, ask):
    app = """
    import flask
    app = flask.Flask(__name__)

    @app.get("/broken")
    def broken():
        raise RuntimeError("on purpose")

    @app.get("/moved")
    def moved():
        return flask.redirect("/gone")
    """
    application, settings = locate({"app.py": app})
    report = ask(
        application, settings, {"request": [{"path": p} for p in ("/broken", "/moved", "/gone")]}
    )
    assert report.safe
    assert report.answers.compared == 6
