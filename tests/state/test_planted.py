"""Whatever lives in one process only is found, and named by file and line."""

from __future__ import annotations

import pytest

FLASK = {
    "surefoot.toml": '[app]\ntarget = "shop.app:create_app()"\n',
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
    "shop/stock.py": """
        import functools, sqlite3

        def ask(statement):
            connection = sqlite3.connect("shop.sqlite3", isolation_level=None)
            connection.execute("create table if not exists book (title)")
            return connection.execute(statement).fetchone()

        @functools.lru_cache
        def how_many():
            return ask("select count(*) from book")[0]
        """,
    "shop/app.py": """
        import json, pathlib
        import flask
        from shop import auth, stock

        VISITS = 0
        CART = pathlib.Path("cart.json")
        views = flask.Blueprint("shop", __name__)

        @views.before_app_request
        def count():
            auth.HITS["all"] += 1

        @views.post("/login")
        def login():
            answer = flask.redirect("/me")
            answer.set_cookie("token", auth.enter(flask.request.form["user"]))
            return answer

        @views.get("/me")
        def me():
            user = auth.user_of(flask.request.cookies.get("token"))
            return f"hello {user}" if user else flask.redirect("/about")

        @views.get("/about")
        def about():
            return "a shop"

        @views.get("/visits")
        def visits():
            global VISITS
            VISITS += 1
            return {"visits": VISITS}

        @views.post("/cart")
        def put():
            items = json.loads(CART.read_text()) if CART.exists() else []
            CART.write_text(json.dumps([*items, "book"]))
            return "", 204

        @views.get("/cart")
        def show():
            return CART.read_text() if CART.exists() else "[]"

        @views.post("/books")
        def add():
            stock.ask("insert into book values ('x')")
            stock.how_many.cache_clear()
            return "", 204

        @views.get("/books")
        def books():
            return str(stock.how_many())

        def create_app():
            app = flask.Flask(__name__)
            app.register_blueprint(views)
            looked = {"n": 0}

            @app.get("/looked")
            def look():
                looked["n"] += 1
                return f"<p>look {looked['n']}</p>"

            return app
        """,
}
LOG_IN = {"login": True, "method": "POST", "path": "/login", "form": {"user": "ann"}, "expect": 302}


def get(*paths):
    return [{"path": path} for path in paths]


def post(*paths):
    return [{"path": path, "method": "POST"} for path in paths]


@pytest.fixture(scope="module")
def flask_shop(check):
    requests = get("/me", "/about", "/visits", "/cart", "/books", "/looked")
    return check(FLASK, {"users": 2, "request": [LOG_IN, *requests, *post("/cart", "/books")]})


def texts(report):
    return {f"{each.file}:{each.line}": each.text for each in report.findings}


def test_flask_with_state_is_not_safe(flask_shop):
    assert not flask_shop.safe
    differing = {example.request for example in flask_shop.answers.examples}
    assert differing == {"GET /me", "GET /visits", "GET /looked", "GET /books"}


FLASK_LINES = {
    "a counter of the module": ("shop/app.py:32", "VISITS at shop/app.py:32 is kept in the proc"),
    "a closure of the factory": ("shop/app.py:62", "looked at shop/app.py:62 is kept in the proc"),
    "sessions in a dictionary": ("shop/auth.py:8", "a user who logged in at one replica is unknow"),
    "a cache that goes stale": ("shop/stock.py:10", "what one replica has cached stays there"),
    "a local file": ("shop/app.py:38", "cart.json, written at shop/app.py:38, is a file of this"),
}


@pytest.mark.parametrize(("where", "text"), FLASK_LINES.values(), ids=FLASK_LINES)
def test_flask(flask_shop, where, text):
    assert text in texts(flask_shop).get(where, ""), texts(flask_shop)


def test_what_is_everywhere_and_shows_nowhere_is_not_blamed(flask_shop):
    assert texts(flask_shop).keys() == {where for where, _ in FLASK_LINES.values()}
    assert any("HITS" in note for note in flask_shop.notes)


def test_the_route_is_told(flask_shop):
    (visits,) = [each for each in flask_shop.findings if "VISITS" in each.text]
    assert visits.route == "GET /visits"


FASTAPI = """
    import itertools
    import fastapi

    class Basket:
        def __init__(self):
            self.items = []

        def put(self, item):
            self.items.append(item)
            return len(self.items)

    basket = Basket()
    carts = {}
    numbers = itertools.count(1)

    def create_app():
        app = fastapi.FastAPI()
        app.state.votes = 0
        count = 0

        @app.get("/count")
        async def counted():
            nonlocal count
            count += 1
            return {"count": count}

        @app.post("/basket")
        def put(item: str = "book"):
            return {"items": basket.put(item)}

        @app.get("/basket")
        async def show():
            return {"items": basket.items}

        @app.post("/vote")
        async def vote(request: fastapi.Request):
            request.app.state.votes += 1
            return {}

        @app.get("/votes")
        async def votes(request: fastapi.Request):
            return request.app.state.votes

        @app.post("/carts")
        def open_cart():
            number = next(numbers)
            carts[number] = []
            return {"cart": number}

        @app.post("/carts/{cart}")
        def put_into(cart: int):
            goods = carts.get(cart)
            if goods is None:
                raise fastapi.HTTPException(404)
            goods.append("book")
            return goods

        return app
    """


@pytest.fixture(scope="module")
def fastapi_shop(check):
    steps = post("/carts", "/carts/{cart}")
    steps[0]["capture"] = {"cart": {"json": "/cart"}}
    requests = [*get("/count", "/basket", "/votes"), *post("/basket", "/vote")]
    return check({"app.py": FASTAPI}, {"request": requests, "session": [{"request": steps}]})


FASTAPI_LINES = {
    "a nonlocal": ("app.py:25", "count at app.py:25"),
    "an object of the module": ("app.py:10", "self.items at app.py:10"),
    "the application's state": ("app.py:38", "request.app.state.votes at app.py:38"),
    "carts, over a session": ("app.py:48", "carts at app.py:48 (and app.py:56)"),
}


@pytest.mark.parametrize(("where", "text"), FASTAPI_LINES.values(), ids=FASTAPI_LINES)
def test_fastapi(fastapi_shop, where, text):
    assert text in texts(fastapi_shop).get(where, ""), texts(fastapi_shop)


def test_a_secret_that_each_process_draws(check):
    app = """
    import os, flask
    app = flask.Flask(__name__)
    app.secret_key = os.environ.get("NO_SUCH_SECRET") or os.urandom(24)

    HITS = []

    @app.post("/login")
    def login():
        HITS.append("login")
        flask.session["user"] = "ann"
        return flask.redirect("/me")

    @app.get("/me")
    def me():
        HITS.append("me")
        return f"hello {flask.session.get('user', 'whoever you are')}"
    """
    report = check({"app.py": app}, {"users": 1, "request": [LOG_IN, *get("/me")]})
    assert texts(report).keys() == {"app.py:4"}
    assert "a session that one replica signed is not valid" in report.findings[0].text
    assert "app.secret_key at app.py:4 is drawn at random when a process" in report.findings[0].text
