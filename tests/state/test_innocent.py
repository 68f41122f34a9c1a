"""An application that keeps nothing in its process is not accused of it."""

from __future__ import annotations

FLASK = """
    import logging, pathlib, sqlite3, tempfile
    import flask
    app = flask.Flask(__name__)
    app.secret_key = "the same everywhere"
    logging.basicConfig(filename="shop.log", level="INFO")
    SQUARES = {}

    class Page:
        def __init__(self):
            self.lines = []

        def add(self, line):
            self.lines.append(line)

    @app.before_request
    def before():
        app.logger.info("asked")
        with open("access.txt", "a") as log:
            log.write("asked")
        flask.g.page = Page()
        flask.g.seen = {"a": 1}
        flask.g.seen.update(b=2)

    @app.post("/login")
    def login():
        flask.session["user"] = "ann"
        return flask.redirect("/me")

    @app.get("/me")
    def me():
        flask.session["seen"] = flask.session.get("seen", 0) + 1
        return f"{flask.session.get('user')} {flask.session['seen']}"

    @app.get("/visits")
    def visits():
        with sqlite3.connect("shop.data") as connection:
            connection.execute("create table if not exists visits (n)")
            connection.execute("insert into visits values (1)")
            return {"visits": connection.execute("select count(*) from visits").fetchone()[0]}

    @app.get("/temporary")
    def temporary():
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

    @app.get("/square/<int:n>")
    def square(n):
        if n not in SQUARES:
            SQUARES[n] = n * n
        return str(SQUARES[n])

    @app.get("/page")
    def page():
        found = []
        def add(line):
            found.append(line)
        add("a")
        flask.g.page.add("b")
        return "".join(found + flask.g.page.lines)
    """


def test_flask(check):
    log_in = {"path": "/login", "method": "POST", "expect": 302, "login": True}
    paths = ("me", "visits", "temporary", "report", "locked", "square/{1..9}", "page")
    requests = [log_in, *({"path": f"/{path}"} for path in paths)]
    report = check({"app.py": FLASK}, {"users": 2, "request": requests})
    assert report.findings == ()
    assert report.answers.examples == ()
    assert report.safe
    assert report.answers.compared == 2 + 2 * len(paths)
    assert len(report.notes) == 1
    assert "SQUARES at app.py:63 is kept in each process; it may be a cache" in report.notes[0]


FASTAPI = """
    import os, random, time, uuid
    import fastapi
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
        return random.sample(["ann", "bob", "eve", "ida", "joe", "kim", "lea", "max"], 8)

    @app.get("/some")
    async def some():
        return ["x"] * random.randint(1, 9)

    @app.get("/stream")
    async def stream():
        async def parts():
            yield b"a"
            yield uuid.uuid4().hex.encode()
        return fastapi.responses.StreamingResponse(parts())
    """


def test_fastapi_with_pages_that_vary_by_themselves(check):
    paths = ("now", "health", "shuffled", "some", "stream")
    report = check({"app.py": FASTAPI}, {"request": [{"path": f"/{path}"} for path in paths]})
    assert report.findings == ()
    assert report.answers.examples == ()
    assert report.safe
