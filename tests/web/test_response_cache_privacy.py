"""Nobody sees another's page: what is somebody's is not kept, by whatever door it was read."""

import threading

import pytest

from cached import STRANGERS, Asgi, Wsgi, fastapi_app, flask_app, refusals

# --- Flask ----------------------------------------------------------------------------------------


def read_in_a_view(app):
    import flask

    return f"for {flask.session.get('user', 'nobody')}"


def read_in_a_template(app):
    import flask

    return flask.render_template_string("for {{ session.get('user', 'nobody') }}")


def read_through_a_kept_reference(app):
    import flask

    session = flask.session._get_current_object()
    return f"for {session.get('user', 'nobody')}"


def read_from_the_context(app):
    from flask.globals import request_ctx

    return f"for {request_ctx.session.get('user', 'nobody')}"


def flashed(app):
    import flask

    return f"messages {flask.get_flashed_messages()}"


def signed(app):
    import flask

    flask.session["seen"] = True
    return "seen"


def cookie(app):
    import flask

    return f"theme {flask.request.cookies.get('theme', 'light')}"


def all_cookies(app):
    import flask

    return f"cookies {sorted(flask.request.cookies.items())}"


def cookie_header(app):
    import flask

    return f"header {flask.request.headers.get('Cookie')}"


def raw_environ(app):
    import flask

    return f"raw {flask.request.environ.get('HTTP_COOKIE', '')}"


def copied_environ(app):
    import flask

    environ = {key: value for key, value in flask.request.environ.items() if key != "x"}
    return f"raw {dict(environ)['HTTP_COOKIE'] if 'HTTP_COOKIE' in environ else ''}"


def looked_through(app):
    import flask

    found = [v for k, v in flask.request.environ.items() if k.startswith("HTTP_COO")]
    return f"found {found}"


def all_headers(app):
    import flask

    return f"headers {sorted(flask.request.headers)}"


def agent(app):
    import flask

    return f"agent {flask.request.user_agent.string}"


def language(app):
    import flask

    return f"language {flask.request.accept_languages.best_match(['de', 'en'])}"


def address(app):
    import flask

    return f"address {flask.request.remote_addr}"


def address_of_a_proxy(app):
    import flask

    return f"address {flask.request.access_route}"


def raw_address(app):
    import flask

    return f"address {flask.request.environ['REMOTE_ADDR']}"


def forged_token(app):
    return '<form><input name="csrf_token" value="abc"></form>'


def from_a_thread(app):
    import flask

    environ, found = flask.request.environ, []
    thread = threading.Thread(target=lambda: found.append(environ.get("HTTP_COOKIE")))
    thread.start()
    thread.join()
    return f"thread {found}"


FLASK_VIEWS = {
    read_in_a_view: "the session was read", read_in_a_template: "the session was read",
    read_through_a_kept_reference: "the session was read",
    read_from_the_context: "the session was read", flashed: "the session was read",
    signed: "set-cookie",
    cookie: "the cookie 'theme' was read", all_cookies: "cookies were read",
    cookie_header: "cookies were read", raw_environ: "cookies were read",
    copied_environ: "cookies were read", looked_through: "was read", all_headers: "was read",
    agent: "user-agent was read",
    language: "accept-language was read", address: "address was read",
    address_of_a_proxy: "address was read", raw_address: "address was read",
    forged_token: "a token", from_a_thread: "cookies were read",
}  # fmt: skip


@pytest.mark.parametrize("view", FLASK_VIEWS, ids=lambda view: view.__name__)
def test_flask_keeps_nothing_that_was_made_from_what_is_somebody_s(view):
    app = flask_app()
    app.add_url_rule("/page", view.__name__, lambda: view(app))
    ask = Wsgi(app, ["GET /page"])
    why = FLASK_VIEWS[view]
    assert [said for said in refusals(ask, STRANGERS) if why not in said] == []


def before(app, read):
    app.before_request(read)


def after(app, read):
    app.after_request(lambda answer: read() or answer)


def teardown(app, read):
    app.teardown_request(lambda _: read())


def converter(app, read):
    from werkzeug.routing import BaseConverter

    class Reading(BaseConverter):
        def to_python(self, value):
            read()
            return value

    app.url_map.converters["reading"] = Reading


def read_session():
    import flask

    flask.session.get("user")


def read_cookie():
    import flask

    flask.request.cookies.get("theme")


@pytest.mark.parametrize("read", [read_session, read_cookie], ids=["session", "cookie"])
@pytest.mark.parametrize("where", [before, after, teardown, converter])
def test_flask_it_does_not_matter_where_it_is_read(where, read):
    app = flask_app()
    where(app, read)
    rule = "/<reading:name>" if where is converter else "/<name>"
    app.add_url_rule(rule, "page", lambda **_: "page")
    ask = Wsgi(app, [f"GET {rule}"])
    assert [ask("/page").kept for _ in range(3)] == [False] * 3


def test_flask_a_session_that_is_read_while_it_streams_counts():
    import flask

    app = flask_app()

    @app.get("/page")
    def page():
        def parts():
            yield "for "
            yield flask.session.get("user", "nobody")

        return flask.Response(flask.stream_with_context(parts()))

    ask = Wsgi(app, ["GET /page"])
    assert [ask("/page").kept for _ in range(3)] == [False] * 3


def test_a_cookie_that_middleware_adds_outside_the_framework_counts():
    app = flask_app()
    app.add_url_rule("/page", "page", lambda: "page")

    def middleware(environ, start_response):
        def started(status, headers, *error):
            return start_response(status, [*headers, ("Set-Cookie", "id=7")], *error)

        return app(environ, started)

    ask = Wsgi(middleware, ["GET /page"])
    assert [ask("/page").fields.get("set-cookie") for _ in range(3)] == ["id=7"] * 3


def test_a_cookie_that_middleware_reads_counts():
    app = flask_app()
    app.add_url_rule("/page", "page", lambda: "page")

    def middleware(environ, start_response):
        user = "user=alice" in environ.get("HTTP_COOKIE", "")
        page = list(app(environ, start_response))
        return [*page, b" of alice"] if user else page

    ask = Wsgi(middleware, ["GET /page"])
    bodies = [ask("/page", **headers).body for headers in ({}, {"cookie": "user=alice"}, {})]
    assert bodies == [b"page", b"page of alice", b"page"]


def test_an_application_that_nobody_observes_is_not_kept():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"page"]

    async def asgi_app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})

    for ask in (Wsgi(app, ["GET /page"]), Asgi(asgi_app, ["GET /page"])):
        assert [ask("/page").kept for _ in range(3)] == [False] * 3


def test_a_custom_session_that_cannot_tell_is_taken_for_read():
    from flask.sessions import SessionInterface

    class Plain(dict):
        permanent = modified = False

    class Interface(SessionInterface):
        def open_session(self, _app, request):
            return Plain(user=request.cookies.get("mine"))

        def save_session(self, *_):
            pass

        def get_cookie_name(self, _app):
            return "mine"

    app = flask_app()
    app.session_interface = Interface()
    app.add_url_rule("/page", "page", lambda: "page")
    ask = Wsgi(app, ["GET /page"])
    assert [ask("/page").kept for _ in range(3)] == [False] * 3


def test_the_name_of_the_session_s_cookie_is_learnt():
    app = flask_app()
    app.config["SESSION_COOKIE_NAME"] = "shop-of-flask"
    app.add_url_rule("/page", "page", lambda: "page")
    ask = Wsgi(app, ["GET /page"])
    # The first request may carry it already.
    assert not ask("/page", cookie="shop-of-flask=1").kept
    later = ask("/page")
    assert not later.kept
    assert not ask("/page", cookie="shop-of-flask=2").kept


def test_behind_a_proxy_pages_are_kept_and_addresses_are_not():
    from werkzeug.middleware.proxy_fix import ProxyFix

    app = flask_app()
    app.add_url_rule("/page", "page", lambda: "page")
    app.add_url_rule("/mine", "mine", lambda: address(app))
    ask = Wsgi(ProxyFix(app, x_host=1), ["GET /page", "GET /mine"])
    proxied = {"x_forwarded_for": "1.2.3.4", "x_forwarded_host": "shop.test"}
    assert [ask("/page", **proxied).kept for _ in range(2)] == [False, True]
    assert ask("/page", **{**proxied, "x_forwarded_for": "5.6.7.8"}).kept
    assert ask("/mine", **proxied).body == b"address 1.2.3.4"
    assert ask("/mine", **{**proxied, "x_forwarded_for": "5.6.7.8"}).body == b"address 5.6.7.8"


@pytest.mark.parametrize(
    "name",
    ["x_api_key", "x_auth_token", "x_forwarded_user", "remote_user", "cf_access_jwt_assertion",
     "x_forwarded_client_cert", "x_csrf_token", "x_amzn_oidc_identity", "dpop"],
)  # fmt: skip
def test_fields_that_say_who_asks_are_never_answered_from_what_was_kept(name):
    import flask

    app = flask_app()
    header = name.replace("_", "-")
    app.add_url_rule("/page", "page", lambda: f"for {flask.request.headers.get(header, 'nobody')}")
    ask = Wsgi(app, ["GET /page"])
    for _ in range(2):
        for user in ("alice", "bob"):
            answer = ask("/page", **{name: user})
            assert (answer.body.decode(), answer.kept) == (f"for {user}", False)


@pytest.mark.parametrize(
    "name", ["x_forwarded_host", "x_original_url", "x_host", "x_forwarded_scheme", "forwarded"]
)
def test_no_field_that_an_attacker_invents_gets_into_another_s_page(name):
    import flask

    app = flask_app()
    header = name.replace("_", "-")
    app.add_url_rule("/page", "page", lambda: f"at {flask.request.headers.get(header, 'home')}")
    ask = Wsgi(app, ["GET /page"])
    for _ in range(2):
        assert ask("/page", **{name: "evil.test"}).body == b"at evil.test"
        assert ask("/page").body == b"at home"


# --- Starlette and FastAPI ------------------------------------------------------------------------


def a_session(request):
    return f"for {request.session.get('user', 'nobody')}"


def a_cookie(request):
    return f"theme {request.cookies.get('theme', 'light')}"


def cookies_at_once(request):
    return f"cookies {dict(request.cookies)}"


def a_cookie_header(request):
    return f"header {request.headers.get('cookie')}"


def raw_scope(request):
    found = [value for name, value in request.scope["headers"] if name == b"cookie"]
    return f"raw {found}"


def a_dictionary(request):
    return f"raw {dict(request.scope['headers']).get(b'cookie')}"


def decoded(request):
    found = {name.decode(): value.decode() for name, value in request.scope["headers"]}
    return f"raw {found.get('cookie')}"


def lowered(request):
    return f"raw {[v for n, v in request.scope['headers'] if n.lower() == b'cookie']}"


def every_header(request):
    return f"headers {request.headers.items()}"


def an_agent(request):
    return f"agent {request.headers.get('user-agent')}"


def a_client(request):
    return f"client {request.client.host}"


def a_raw_client(request):
    return f"client {request.scope['client']}"


def into_the_session(request):
    request.session["seen"] = True
    return "seen"


def a_raw_session(request):
    request.scope["session"]["seen"] = True
    return "seen"


def a_token(request):
    return '<meta name="csrf-token" content="abc">'


ASGI_VIEWS = {
    a_session: "the session was read", a_cookie: "the cookie 'theme' was read",
    cookies_at_once: "cookies were read", a_cookie_header: "cookies were read",
    raw_scope: "cookies were read", a_dictionary: "cookies were read",
    decoded: "cookies were read", lowered: "cookies were read", every_header: "cookies were read",
    an_agent: "user-agent was read", a_client: "address was read", a_raw_client: "address was read",
    into_the_session: "set-cookie", a_raw_session: "set-cookie", a_token: "a token",
}  # fmt: skip


@pytest.mark.parametrize("threads", [False, True], ids=["task", "thread"])
@pytest.mark.parametrize("view", ASGI_VIEWS, ids=lambda view: view.__name__)
def test_fastapi_keeps_nothing_that_was_made_from_what_is_somebody_s(view, threads):
    from fastapi import Request
    from fastapi.responses import HTMLResponse

    app = fastapi_app()
    if threads:

        def page(request: Request):
            return HTMLResponse(view(request))
    else:

        async def page(request: Request):
            return HTMLResponse(view(request))

    app.get("/page")(page)
    ask = Asgi(app, ["GET /page"])
    why = ASGI_VIEWS[view]
    assert [said for said in refusals(ask, STRANGERS) if why not in said] == []


def test_fastapi_parameters_of_headers_and_cookies_count():
    from typing import Annotated

    from fastapi import Cookie, Header

    app = fastapi_app()

    @app.get("/cookie")
    def by_cookie(theme: Annotated[str, Cookie()] = "light"):
        return theme

    @app.get("/header")
    def by_header(user_agent: Annotated[str, Header()] = ""):
        return user_agent

    @app.get("/plain")
    def plain():
        return "plain"

    ask = Asgi(app, ["GET /cookie", "GET /header", "GET /plain"])
    for path in ("/cookie", "/header"):
        assert [ask(path).kept for _ in range(3)] == [False] * 3
    assert [ask("/plain").kept for _ in range(2)] == [False, True]


def test_starlette_users_count():
    from starlette.applications import Starlette
    from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
    from starlette.middleware import Middleware
    from starlette.middleware.authentication import AuthenticationMiddleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    class Backend(AuthenticationBackend):
        async def authenticate(self, conn):
            if "authorization" in conn.headers:
                return AuthCredentials(["in"]), SimpleUser(conn.headers["authorization"])
            return None

    async def page(request):
        return PlainTextResponse(request.user.display_name or "nobody")

    async def plain(request):
        return PlainTextResponse("plain")

    app = Starlette(
        routes=[Route("/page", page), Route("/plain", plain)],
        middleware=[Middleware(AuthenticationMiddleware, backend=Backend())],
    )
    ask = Asgi(app, ["GET /page", "GET /plain"])
    assert [ask("/page").kept for _ in range(3)] == [False] * 3
    assert [ask("/plain").kept for _ in range(2)] == [False, True]
    assert ask("/plain", authorization="a").body == b"plain"


def test_starlette_a_session_that_is_read_while_it_streams_counts():
    from fastapi import Request
    from fastapi.responses import StreamingResponse

    app = fastapi_app()

    @app.get("/page")
    async def page(request: Request):
        async def parts():
            yield "for "
            yield request.session.get("user", "nobody")

        return StreamingResponse(parts())

    ask = Asgi(app, ["GET /page"])
    assert [ask("/page").kept for _ in range(3)] == [False] * 3


def test_starlette_the_name_of_the_session_s_cookie_is_learnt():
    app = fastapi_app(name="shop-of-starlette")

    @app.get("/page")
    async def page():
        return "page"

    ask = Asgi(app, ["GET /page"])
    assert not ask("/page", cookie="shop-of-starlette=1").kept
    assert not ask("/page").kept
    assert not ask("/page", cookie="shop-of-starlette=2").kept


def test_a_page_that_looks_different_in_frames_of_javascript_is_told_apart():
    from fastapi import Request

    app = fastapi_app()

    @app.get("/page")
    async def page(request: Request):
        return "part" if request.headers.get("hx-request") else "whole"

    ask = Asgi(app, ["GET /page"])
    for _ in range(2):
        assert ask("/page").body == b'"whole"'
        assert ask("/page", hx_request="true").body == b'"part"'
    assert ask("/page").kept


def test_answers_to_other_origins_carry_their_permission():
    from starlette.middleware.cors import CORSMiddleware

    app = fastapi_app()
    app.add_middleware(CORSMiddleware, allow_origins=["https://a.test", "https://b.test"])

    @app.get("/page")
    async def page():
        return "page"

    ask = Asgi(app, ["GET /page"])
    for _ in range(2):
        assert "access-control-allow-origin" not in ask("/page").fields
        for origin in ("https://a.test", "https://b.test"):
            fields = ask("/page", origin=origin).fields
            assert fields["access-control-allow-origin"] == origin
