"""Whatever lives in one process only is found, and named by file and line."""

from __future__ import annotations

COUNTER = """
import flask
app = flask.Flask(__name__)
VISITS = 0

@app.get("/visits")
def visits():
    global VISITS
    VISITS += 1
    return {"visits": VISITS}

@app.get("/about")
def about():
    return "a shop"
"""


def the_line(report):
    return {(finding.file, finding.line) for finding in report.findings}


def test_a_counter_of_the_module(check):
    report = check(COUNTER, [{"path": "/visits"}, {"path": "/about"}])
    assert not report.safe
    assert the_line(report) == {("app.py", 9)}
    assert report.findings[0].text.startswith("VISITS at app.py:9 is kept in the process")
    assert report.findings[0].route == "GET /visits"
    assert {example.request for example in report.answers.examples} == {"GET /visits"}


def test_a_counter_of_a_factory(check):
    app = """
    import flask

    def create_app():
        app = flask.Flask(__name__)
        visits = {"n": 0}

        @app.get("/")
        def index():
            visits["n"] += 1
            return f"<p>visit {visits['n']}</p>"

        return app
    """
    report = check(app, [{"path": "/"}])
    assert the_line(report) == {("app.py", 10)}
    assert "visits" in report.findings[0].text


def test_a_counter_that_is_nonlocal(check):
    app = """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def make():
        count = 0
        async def index(request):
            nonlocal count
            count += 1
            return JSONResponse({"count": count})
        return Starlette(routes=[Route("/", index)])

    app = make()
    """
    assert the_line(check(app, [{"path": "/"}])) == {("app.py", 10)}


SESSIONS = {
    "shop/__init__.py": "",
    "shop/auth.py": """
        import secrets
        SESSIONS = {}
        HITS = {"all": 0}

        def enter(user):
            token = secrets.token_hex(8)
            SESSIONS[token] = user
            return token

        def user_of(token):
            return SESSIONS.get(token)
        """,
    "shop/app.py": """
        import flask
        from shop import auth
        app = flask.Flask(__name__)

        @app.before_request
        def count():
            auth.HITS["all"] += 1

        @app.post("/login")
        def login():
            answer = flask.redirect("/me")
            answer.set_cookie("token", auth.enter(flask.request.form["user"]))
            return answer

        @app.get("/me")
        def me():
            user = auth.user_of(flask.request.cookies.get("token"))
            return f"hello {user}" if user else flask.redirect("/")

        @app.get("/")
        def index():
            return "a shop"
        """,
    "surefoot.toml": '[app]\ntarget = "shop.app:app"\n',
}


def test_sessions_in_a_dictionary_are_found_and_an_innocent_counter_is_not_blamed(check):
    log_in = {
        "login": True,
        "method": "POST",
        "path": "/login",
        "form": {"user": "ann"},
        "expect": 302,
    }
    report = check(SESSIONS, [log_in, {"path": "/me"}, {"path": "/"}], users=2)
    assert the_line(report) == {("shop/auth.py", 8)}
    assert "a user who logged in at one replica is unknown to the next" in report.findings[0].text


def test_a_store_that_is_an_object_of_a_class(check):
    app = """
    import fastapi
    app = fastapi.FastAPI()

    class Basket:
        def __init__(self):
            self.items = []

        def put(self, item):
            self.items.append(item)
            return len(self.items)

    basket = Basket()

    @app.post("/basket")
    def put(item: str = "book"):
        return {"items": basket.put(item)}

    @app.get("/basket")
    async def show():
        return {"items": basket.items}
    """
    report = check(app, [{"path": "/basket"}, {"path": "/basket", "method": "POST"}])
    assert the_line(report) == {("app.py", 10)}
    assert "self.items" in report.findings[0].text


def test_an_attribute_of_the_application(check):
    app = """
    import fastapi
    app = fastapi.FastAPI()
    app.state.votes = 0

    @app.post("/vote")
    async def vote(request: fastapi.Request):
        request.app.state.votes += 1
        return {}

    @app.get("/votes")
    async def votes(request: fastapi.Request):
        return request.app.state.votes
    """
    report = check(app, [{"path": "/votes"}, {"path": "/vote", "method": "POST"}])
    assert the_line(report) == {("app.py", 8)}


def test_a_cache_that_goes_stale(check):
    app = """
    import functools, sqlite3, flask
    app = flask.Flask(__name__)

    def database():
        connection = sqlite3.connect("shop.db", isolation_level=None)
        connection.execute("create table if not exists book (title)")
        return connection

    @functools.lru_cache
    def how_many():
        return database().execute("select count(*) from book").fetchone()[0]

    @app.post("/books")
    def add():
        database().execute("insert into book values ('x')")
        how_many.cache_clear()
        return "", 204

    @app.get("/books")
    def books():
        return str(how_many())
    """
    report = check(app, [{"path": "/books"}, {"path": "/books", "method": "POST"}])
    assert ("app.py", 11) in the_line(report)
    assert "what one replica has cached" in report.findings[0].text


def test_a_secret_that_each_process_draws(check):
    app = """
    import os, flask
    app = flask.Flask(__name__)
    app.secret_key = os.environ.get("NO_SUCH_SECRET") or os.urandom(24)

    @app.post("/login")
    def login():
        flask.session["user"] = "ann"
        return "", 204

    @app.get("/me")
    def me():
        return flask.session["user"] if "user" in flask.session else ("who?", 401)
    """
    log_in = {"login": True, "method": "POST", "path": "/login", "expect": 204}
    report = check(app, [log_in, {"path": "/me"}], users=1)
    assert the_line(report) == {("app.py", 4)}
    assert "app.secret_key" in report.findings[0].text


def test_a_local_file(check):
    app = """
    import json, pathlib, flask
    app = flask.Flask(__name__)
    CART = pathlib.Path("cart.json")

    @app.post("/cart")
    def put():
        items = json.loads(CART.read_text()) if CART.exists() else []
        CART.write_text(json.dumps([*items, "book"]))
        return "", 204

    @app.get("/cart")
    def show():
        return CART.read_text() if CART.exists() else "[]"
    """
    report = check(app, [{"path": "/cart"}, {"path": "/cart", "method": "POST"}])
    assert not report.safe
    assert ("app.py", 9) in the_line(report)
    assert "cart.json, written at app.py:9, is a file of this machine" in str(report.findings)


def test_a_session_of_several_steps(check):
    app = """
    import itertools, fastapi
    app = fastapi.FastAPI()
    carts = {}
    numbers = itertools.count(1)

    @app.post("/carts")
    def open_cart():
        number = next(numbers)
        carts[number] = []
        return {"cart": number}

    @app.post("/carts/{cart}")
    def put(cart: int):
        goods = carts.get(cart)
        if goods is None:
            raise fastapi.HTTPException(404)
        goods.append("book")
        return goods
    """
    steps = [
        {"method": "POST", "path": "/carts", "capture": {"cart": {"json": "/cart"}}},
        {"method": "POST", "path": "/carts/{cart}"},
    ]
    report = check(app, [], session=[{"name": "buy", "request": steps}])
    assert ("app.py", 10) in the_line(report)
