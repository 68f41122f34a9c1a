"""An application that keeps nothing in its process is not accused of it."""

from __future__ import annotations


def test_sessions_in_a_signed_cookie(check):
    app = """
    import flask
    app = flask.Flask(__name__)
    app.secret_key = "the same everywhere"

    @app.post("/login")
    def login():
        flask.session["user"] = "ann"
        return flask.redirect("/me")

    @app.get("/me")
    def me():
        flask.session["seen"] = flask.session.get("seen", 0) + 1
        return f"{flask.session.get('user')} {flask.session['seen']}"
    """
    log_in = {"login": True, "method": "POST", "path": "/login", "expect": 302}
    report = check(app, [log_in, {"path": "/me"}], users=2)
    assert report.safe
    assert report.answers.compared > 3


def test_a_counter_in_a_database(check):
    app = """
    import sqlite3, flask
    app = flask.Flask(__name__)
    TRACE = []

    def count(step):
        connection = sqlite3.connect("shop.db", isolation_level=None)
        connection.execute("create table if not exists visits (n)")
        if step:
            connection.execute("insert into visits values (1)")
        return connection.execute("select count(*) from visits").fetchone()[0]

    @app.get("/visits")
    def visits():
        return {"visits": count(1)}

    @app.get("/visits/now")
    def now():
        return {"visits": count(0)}
    """
    report = check(app, [{"path": "/visits"}, {"path": "/visits/now"}])
    assert report.findings == ()
    assert report.safe


def test_pages_that_vary_by_themselves(check):
    app = """
    import os, random, time, uuid, fastapi
    app = fastapi.FastAPI()
    STARTED = time.time()

    @app.get("/now")
    def now():
        return {"now": time.time(), "id": str(uuid.uuid4()), "dice": random.randint(1, 6)}

    @app.get("/health")
    def health():
        return {"pid": os.getpid(), "up": time.time() - STARTED}

    @app.get("/shuffled")
    async def shuffled():
        return random.sample(["ann", "bob", "eve"], 3)

    @app.get("/some")
    async def some():
        return ["x"] * random.randint(1, 9)
    """
    report = check(app, [{"path": f"/{p}"} for p in ("now", "health", "shuffled", "some")])
    assert report.findings == ()
    assert report.safe


def test_files_that_carry_nothing_over(check):
    app = """
    import logging, pathlib, tempfile, flask
    app = flask.Flask(__name__)
    logging.basicConfig(filename="shop.log", level="INFO")

    @app.get("/")
    def index():
        app.logger.info("asked")
        with open("access.txt", "a") as log:
            log.write("asked")
        with tempfile.NamedTemporaryFile("w+") as file:
            file.write("hello")
            file.flush()
            return pathlib.Path(file.name).read_text()

    @app.get("/report")
    def report():
        path = pathlib.Path("report.txt")
        path.write_text("made anew each time")
        return path.read_text()

    @app.get("/locked")
    def locked():
        with open("shop.lock", "a+") as lock:
            return lock.read() + "free"
    """
    report = check(app, [{"path": "/"}, {"path": "/report"}, {"path": "/locked"}])
    assert report.safe, report.findings


def test_a_cache_that_shows_nowhere_is_a_note(check):
    app = """
    import flask
    app = flask.Flask(__name__)
    SQUARES = {}

    @app.get("/square/<int:n>")
    def square(n):
        if n not in SQUARES:
            SQUARES[n] = n * n
        return str(SQUARES[n])
    """
    report = check(app, [{"path": "/square/{1..9}"}])
    assert report.safe
    assert any("SQUARES at app.py:9" in note for note in report.notes)


def test_what_a_request_makes_for_itself(check):
    app = """
    import flask
    app = flask.Flask(__name__)

    class Page:
        def __init__(self):
            self.lines = []

        def add(self, line):
            self.lines.append(line)

    @app.before_request
    def before():
        flask.g.page = Page()
        flask.g.seen = {"a": 1}
        flask.g.seen.update(b=2)

    @app.get("/")
    def index():
        found = []
        def add(line):
            found.append(line)
        add("a")
        flask.g.page.add("b")
        return "".join(found + flask.g.page.lines)
    """
    report = check(app, [{"path": "/"}])
    assert report.safe
    assert not any("found" in note for note in report.notes)
