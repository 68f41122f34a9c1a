"""Who has a session is given what was kept too, where that is wanted, and still only his own."""

import copy
import gzip
import pickle

import pytest

from cached import Asgi, Wsgi, fastapi_app, flask_app, refusals
from surefoot.config import CachedResponse
from surefoot.core.http_cache.observed import Observed
from surefoot.web.compression import asgi as asgi_compression
from surefoot.web.compression import wsgi as wsgi_compression
from surefoot.web.responses.watched import watched

ALICE = "session=alice"
USERS = ({}, {"cookie": ALICE}, {}, {"cookie": "session=bob"}, {})


def everybody(route, **more):
    return CachedResponse(route, 60.0, 60.0, everybody=True, **more)


def kept(asks):
    return [answer.kept for answer in asks]


# --- What is lifted, and what is not --------------------------------------------------------------


def flask_pages():
    import flask

    app = flask_app()
    app.add_url_rule("/page", "page", lambda: "page")

    @app.get("/account")
    def account():
        return "account " * (100 + len(flask.session.get("name", "")))

    @app.post("/page")
    def write():
        flask.session["name"] = "alice"
        return "written"

    return app


def fastapi_pages():
    from fastapi import Request
    from fastapi.responses import PlainTextResponse

    app = fastapi_app()

    @app.get("/page")
    async def page():
        return PlainTextResponse("page")

    @app.get("/account")
    async def account(request: Request):
        return PlainTextResponse("account " * (100 + len(request.session.get("name", ""))))

    @app.post("/page")
    async def write():
        return PlainTextResponse("written")

    return app


@pytest.fixture(params=["flask", "fastapi"])
def pages(request):
    """Builds the same application with a way to ask it, some of its routes kept."""
    made, ask = {"flask": (flask_pages, Wsgi), "fastapi": (fastapi_pages, Asgi)}[request.param]
    return lambda *entries, **terms: ask(made(), entries, **terms)


def test_one_answer_is_for_nobody_and_for_users(pages):
    ask = pages(everybody("GET /page"))
    asked = [ask("/page"), ask("/page", cookie=ALICE), ask("/page", cookie="session=bob")]
    assert kept(asked) == [False, True, True]
    assert {answer.body for answer in asked} == {b"page"}


def test_an_answer_that_a_user_s_request_had_made_is_for_all(pages):
    ask = pages(everybody("GET /page"))
    asked = [ask("/page", cookie=ALICE), ask("/page", cookie="session=bob"), ask("/page")]
    assert kept(asked) == [False, True, True]


def test_without_it_a_session_is_answered_by_the_application(pages):
    ask = pages("GET /page")
    assert kept([ask("/page"), ask("/page", cookie=ALICE)]) == [False, False]


@pytest.mark.parametrize("field", ["authorization", "x_auth_token", "x_forwarded_user"])
def test_everything_else_that_says_who_asks_still_counts(pages, field):
    ask = pages(everybody("GET /page"))
    asked = [ask("/page"), *(ask("/page", **{field: "alice", "cookie": ALICE}) for _ in range(2))]
    assert kept(asked) == [False, False, False]


def test_what_a_user_writes_makes_it_new_for_all(pages):
    ask = pages(everybody("GET /page"))
    asked = [ask("/page"), ask("/page", method="POST", cookie=ALICE), ask("/page")]
    assert kept(asked) == [False, False, False]
    assert ask("/page", cookie=ALICE).kept


# What was kept while sessions were passed by may have been made looking whether there is one.
def test_what_was_kept_before_is_not_found(pages):
    before = pages("GET /page")
    assert kept([before("/page"), before("/page")]) == [False, True]
    after = pages(everybody("GET /page"), store=before.store)
    assert kept([after("/page", cookie=ALICE), after("/page", cookie=ALICE)]) == [False, True]


def test_an_answer_that_sets_a_cookie_is_not_kept_whoever_asks():
    import flask

    app = flask_app()

    @app.get("/page")
    def page():
        answer = flask.Response("page")
        answer.set_cookie("seen", "1")
        return answer

    ask = Wsgi(app, [everybody("GET /page")])
    assert kept(ask("/page", cookie=ALICE) for _ in range(3)) == [False] * 3


# The length of a page with a secret tells of it; padded it does so more slowly.
@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_user_s_page_that_is_not_kept_is_padded_all_the_same(kind):
    pages, ask, compressed = {
        "wsgi": (flask_pages, Wsgi, wsgi_compression.Compressed),
        "asgi": (fastapi_pages, Asgi, asgi_compression.Compressed),
    }[kind]
    ask = ask(pages(), [everybody("GET /account")], encoded=True, wrap=compressed)

    def lengths(**headers):
        asked = [ask(f"/account?{n}", accept_encoding="gzip", **headers) for n in range(100, 120)]
        assert {gzip.decompress(each.body) for each in asked} == {b"account " * 100}
        return {len(each.body) for each in asked}

    assert len(lengths(cookie=ALICE)) > 5
    assert len(lengths()) == 1


# --- Looking whether there is a session is reading it ---------------------------------------------


def in_the_cookies(flask):
    return "session" in flask.request.cookies


def got_from_the_cookies(flask):
    return flask.request.cookies.get("session") is not None


def any_cookies(flask):
    return bool(flask.request.cookies)


def cookies_unlike_none(flask):
    return flask.request.cookies != {}


def in_the_headers(flask):
    return "Cookie" in flask.request.headers


def in_the_environment(flask):
    return "HTTP_COOKIE" in flask.request.environ


def a_session(flask):
    return bool(flask.session)


def in_the_session(flask):
    return "user" in flask.session


def length_of_the_session(flask):
    return len(flask.session) > 0


def any_of_the_session(flask):
    return any(key for key in flask.session)


def session_unlike_none(flask):
    return flask.session != {}


def copied_session(flask):
    return bool({**flask.session})


def a_permanent_session(flask):
    return flask.session.permanent


def held_session(flask):
    from flask.globals import request_ctx

    # As the framework holds it, which is not told of who looks at it there.
    session = vars(request_ctx._get_current_object())["_session"]
    return "user" in session


FLASK_LOOKS = (
    in_the_cookies, got_from_the_cookies, any_cookies, cookies_unlike_none, in_the_headers,
    in_the_environment, a_session, in_the_session, length_of_the_session, any_of_the_session,
    session_unlike_none, copied_session, a_permanent_session, held_session,
)  # fmt: skip


@pytest.mark.parametrize("look", FLASK_LOOKS, ids=lambda look: look.__name__)
def test_flask_who_looks_whether_there_is_a_session_has_read_it(look):
    import flask

    app = flask_app()
    app.add_url_rule("/page", "page", lambda: "hello" if look(flask) else "log in")
    ask = Wsgi(app, [everybody("GET /page")])
    assert "kept" not in refusals(ask, USERS)


def asgi_in_the_cookies(request):
    return "session" in request.cookies


def asgi_any_cookies(request):
    return bool(request.cookies)


def asgi_cookies_unlike_none(request):
    return request.cookies != {}


def asgi_in_the_headers(request):
    return "cookie" in request.headers


def asgi_in_the_scope(request):
    return any(name == b"cookie" for name, _ in request.scope["headers"])


def asgi_a_session(request):
    return bool(request.session)


def asgi_raw_session(request):
    return bool(request.scope["session"])


def asgi_in_the_raw_session(request):
    return "user" in request.scope["session"]


def asgi_got_from_the_raw_session(request):
    return request.scope["session"].get("user") is not None


def asgi_copied_raw_session(request):
    return bool(dict(request.scope["session"]))


ASGI_LOOKS = (
    asgi_in_the_cookies, asgi_any_cookies, asgi_cookies_unlike_none, asgi_in_the_headers,
    asgi_in_the_scope, asgi_a_session, asgi_raw_session, asgi_in_the_raw_session,
    asgi_got_from_the_raw_session, asgi_copied_raw_session,
)  # fmt: skip


@pytest.mark.parametrize("look", ASGI_LOOKS, ids=lambda look: look.__name__)
def test_starlette_who_looks_whether_there_is_a_session_has_read_it(look):
    from fastapi import Request

    app = fastapi_app()

    @app.get("/page")
    async def page(request: Request):
        return "hello" if look(request) else "log in"

    assert "kept" not in refusals(Asgi(app, [everybody("GET /page")]), USERS)


# A middleware further out sees the session too, on the answer's way out.
def test_starlette_who_looks_on_the_way_out_has_read_it():
    app = fastapi_pages()

    class Outer:
        def __init__(self, inner):
            self.inner = inner

        async def __call__(self, scope, receive, send):
            async def sent(message):
                if message["type"] == "http.response.start" and scope.get("session"):
                    message["headers"].append((b"x-user", b"alice"))
                await send(message)

            await self.inner(scope, receive, sent)

    app.add_middleware(Outer)
    assert "kept" not in refusals(Asgi(app, [everybody("GET /page")]), USERS)


# --- What nobody can vouch for --------------------------------------------------------------------


def own_interface(opening):
    from flask.sessions import SecureCookieSessionInterface

    class Own(SecureCookieSessionInterface):
        def open_session(self, app, request):
            opening(request)
            return super().open_session(app, request)

    return Own()


# What it reads to make a session is not noted, and it may hand it on in another way.
def test_sessions_of_the_application_s_own_are_nothing_for_everybody():
    import flask

    def opening(request):
        flask.g.name = request.cookies.get("session", "")

    app = flask_app()
    app.session_interface = own_interface(opening)
    app.add_url_rule("/page", "page", lambda: f"for {flask.g.name}")
    ask = Wsgi(app, [everybody("GET /page")])
    assert set(refusals(ask, USERS)) == {"what Own made of the session cannot be seen"}
    assert ask("/page", cookie="session=bob").body == b"for bob"


def test_what_a_session_interface_adds_to_the_answer_is_not_seen_either():
    from flask.sessions import SecureCookieSessionInterface

    class Own(SecureCookieSessionInterface):
        def save_session(self, _app, session, response):
            response.headers["X-User"] = session.get("user", "nobody")

    app = flask_app()
    app.session_interface = Own()
    app.add_url_rule("/page", "page", lambda: "page")
    ask = Wsgi(app, [everybody("GET /page")])
    assert "kept" not in refusals(ask, USERS)


# Nobody's answer holds nothing of it, and who has a session gets none.
def test_for_who_has_no_session_they_are_as_good_as_others():
    app = flask_app()
    app.session_interface = own_interface(lambda _: None)
    app.add_url_rule("/page", "page", lambda: "page")
    ask = Wsgi(app, ["GET /page"])
    assert kept(ask("/page") for _ in range(2)) == [False, True]


def test_a_session_middleware_of_others_reads_the_cookie():
    from starlette.requests import HTTPConnection

    app = fastapi_app(sessions=False)

    @app.get("/page")
    async def page():
        return "page"

    class Own:
        def __init__(self, inner):
            self.inner = inner

        async def __call__(self, scope, receive, send):
            scope["session"] = {"user": HTTPConnection(scope).cookies.get("sid")}
            await self.inner(scope, receive, send)

    app.add_middleware(Own)
    assert "kept" not in refusals(Asgi(app, [everybody("GET /page")]), USERS)


def test_a_session_that_cannot_be_watched_is_taken_for_read():
    from flask.sessions import SecureCookieSessionInterface, SessionMixin

    class Slotted(SessionMixin):
        __slots__ = ("values",)

        def __init__(self, values=()):
            self.values = dict(values)

        def __getitem__(self, key):
            return self.values[key]

        def __setitem__(self, key, value):
            self.values[key] = value

        def __delitem__(self, key):
            del self.values[key]

        def __iter__(self):
            return iter(self.values)

        def __len__(self):
            return len(self.values)

    class Interface(SecureCookieSessionInterface):
        session_class = Slotted

        def save_session(self, app, session, response):
            pass

    app = flask_app()
    app.session_interface = Interface()
    app.add_url_rule("/page", "page", lambda: "page")
    assert "kept" not in refusals(Wsgi(app, [everybody("GET /page")]), USERS)


# Some interfaces write sessions as they are.
@pytest.mark.parametrize("kind", ["flask", "starlette", "dictionary"])
def test_a_watched_session_is_pickled_as_what_it_was(kind):
    from flask.sessions import SecureCookieSession
    from starlette.middleware import sessions

    # Before Starlette 1.0 it was a dictionary.
    starlette = getattr(sessions, "Session", dict)
    plain = {"flask": SecureCookieSession, "starlette": starlette, "dictionary": dict}[kind]
    observed = Observed()
    session = watched(plain({"user": "alice"}), observed)
    assert not observed.personal
    made_again = [copy.copy(session)]
    if kind != "flask":
        # Flask's own hold a function, and cannot be pickled at all.
        made_again.append(pickle.loads(pickle.dumps(session)))
    for made in made_again:
        assert (type(made), dict(made)) == (plain, {"user": "alice"})
        assert "observed" not in repr(getattr(made, "__dict__", ""))
    assert observed.personal == {"the session"}
    assert session["user"] == "alice"
