"""Answers of Pyramid that are kept: nobody gets another's, and what a view reads is seen."""

from __future__ import annotations

from inspect import getattr_static

import pytest
from pyramid.authentication import (
    AuthTktAuthenticationPolicy,
    AuthTktCookieHelper,
    SessionAuthenticationPolicy,
)
from pyramid.authorization import ACLAuthorizationPolicy
from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy, get_csrf_token
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import remember
from pyramid.session import SignedCookieSessionFactory

from cached import STRANGERS, Wsgi, refusals
from surefoot.core.http_cache import names
from surefoot.core.http_cache.observed import ALL, Observed
from surefoot.testing import PrivacyContract
from surefoot.web.responses.observing import observed_environ
from surefoot.web.responses.pyramid import FIELDS
from surefoot.web.responses.sessions import known


def shop(views, **words):
    """A configuration with sessions and these views, by their patterns."""
    config = Configurator(**{"session_factory": SignedCookieSessionFactory("secret"), **words})
    for pattern, view in views.items():
        config.add_route(pattern, pattern)
        config.add_view(view, route_name=pattern)
    return config


def login(request):
    request.session["user"] = request.matchdict["name"]
    return Response(f"welcome [{request.matchdict['name']}]")


def account(request):
    return Response(f"account of [{request.session.get('user', '')}]")


def greeting(request):
    if "session" in request.cookies:
        return Response(f"good day [{request.session['user']}]")
    return Response("good day")


def book(request):
    return Response(f"book {request.matchdict['number']}")


def front(request):
    if int(request.query_string) % 2:
        return Response(f"front for [{request.session.get('user', '')}]")
    return Response("front")


VIEWS = {
    "/login/{name}": login, "/account": account, "/greeting": greeting,
    r"/books/{number:\d+}": book, "/front": front,
}  # fmt: skip


class TestPyramid(PrivacyContract):
    interface = "wsgi"
    templates = tuple(VIEWS)

    def application(self):
        return shop(VIEWS).make_wsgi_app()


class TestPyramidWithTickets(PrivacyContract):
    """Who is logged in stands in a cookie of its own, and transactions are managed."""

    interface = "wsgi"
    templates = tuple(VIEWS)

    def application(self):
        def login(request):
            name = request.matchdict["name"]
            request.response.headerlist.extend(policy.remember(request, name))
            request.response.text = f"welcome [{name}]"
            return request.response

        def account(request):
            return Response(f"account of [{request.authenticated_userid or ''}]")

        def greeting(request):
            userid = request.identity and request.identity["userid"]
            return Response(f"good day [{userid}]" if userid else "good day")

        def front(request):
            if int(request.query_string) % 2:
                return Response(f"front for [{request.authenticated_userid or ''}]")
            return Response("front")

        policy = Tickets()
        own = {"/login/{name}": login, "/account": account, "/greeting": greeting, "/front": front}
        # Told who is logged in, a transaction would have every page depend on it.
        config = shop(VIEWS | own, settings={"tm.annotate_user": False})
        config.set_security_policy(policy)
        config.include("pyramid_tm")
        return config.make_wsgi_app()


class Tickets:
    """A security policy of its own."""

    def __init__(self):
        # With no name for every host of the domain, as browsers would send only one of them back.
        self.helper = AuthTktCookieHelper("secret", hashalg="sha512", wild_domain=False)

    def identity(self, request):
        return self.helper.identify(request)

    def authenticated_userid(self, request):
        found = self.identity(request)
        return found and found["userid"]

    def remember(self, request, userid, **words):
        return self.helper.remember(request, userid, **words)

    def permits(self, request, *_):
        return self.identity(request) is not None


# --- What is seen of a request --------------------------------------------------------------------


def read_of_the_session(request):
    return request.session.get("user", "nobody")


def session_at_hand(request):
    # As a policy of somebody else's leaves it on the request.
    return "somebody" if request.session else "nobody"


def flashed(request):
    return request.session.peek_flash()


def token(request):
    return get_csrf_token(request)


def cookie(request):
    return request.cookies.get("theme", "light")


def cookie_that_is_there(request):
    return "theme" in request.cookies


def all_cookies(request):
    return sorted(request.cookies.items())


def cookie_header(request):
    return request.headers.get("Cookie")


def raw_environ(request):
    return request.environ.get("HTTP_COOKIE", "")


def copied_request(request):
    return request.copy().cookies.get("theme")


def all_headers(request):
    return sorted(request.headers)


def whole_request(request):
    return request.as_bytes()


def agent(request):
    return request.user_agent


def language(request):
    return request.accept_language.lookup(["de", "en"], default="en")


def kind(request):
    return request.accept.acceptable_offers(["text/html", "application/json"])


def header(request):
    return request.headers.get("User-Agent")


def header_that_is_there(request):
    return "Accept-Language" in request.headers


def address(request):
    return request.remote_addr


def address_of_a_proxy(request):
    return request.client_addr


def locale(request):
    return request.locale_name


SEEN = {
    read_of_the_session: "the session was read", session_at_hand: "the session was read",
    flashed: "the session was read", token: "set-cookie",
    cookie: "the cookie 'theme' was read", cookie_that_is_there: "the cookie 'theme' was read",
    all_cookies: "cookies were read", cookie_header: "cookies were read",
    raw_environ: "cookies were read", copied_request: "the cookie 'theme' was read",
    all_headers: "was read", whole_request: "was read", agent: "user-agent was read",
    language: "accept-language was read", kind: "accept was read", header: "user-agent was read",
    header_that_is_there: "accept-language was read", address: "address was read",
    address_of_a_proxy: "address was read", locale: "the cookie '_LOCALE_' was read",
}  # fmt: skip


@pytest.mark.parametrize("view", SEEN, ids=lambda view: view.__name__)
def test_nothing_is_kept_that_was_made_from_what_is_somebody_s(view):
    app = shop({"/page": lambda request: Response(f"page for {view(request)}")}).make_wsgi_app()
    ask = Wsgi(app, ["GET /page"])
    assert [said for said in refusals(ask, STRANGERS) if SEEN[view] not in said] == []


def plain(request):
    return Response("page")


@pytest.mark.parametrize("transactions", [False, True], ids=["plain", "pyramid_tm"])
def test_what_nobody_reads_for_is_kept(transactions):
    config = shop({"/page": plain})
    if transactions:
        config.include("pyramid_tm")
    ask = Wsgi(config.make_wsgi_app(), ["GET /page"])
    assert [ask("/page").kept for _ in range(2)] == [False, True]
    assert "vary" not in ask("/page").fields


def by_session():
    return SessionAuthenticationPolicy()


def by_ticket():
    return AuthTktAuthenticationPolicy("secret", hashalg="sha512", wild_domain=False)


WAYS = ["authenticated_userid", "unauthenticated_userid", "identity", "effective_principals"]


@pytest.mark.filterwarnings("ignore:The new security policy:DeprecationWarning")
@pytest.mark.parametrize("transactions", [False, True], ids=["plain", "pyramid_tm"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("policy", [by_session, by_ticket])
def test_who_is_logged_in_gets_pages_of_his_own(policy, way, transactions):
    def login(request):
        request.response.headerlist.extend(remember(request, request.matchdict["name"]))
        return request.response

    config = shop({"/page": lambda r: Response(f"for {getattr(r, way)}"), "/login/{name}": login})
    with pytest.warns(DeprecationWarning, match="security policies"):
        config.set_authorization_policy(ACLAuthorizationPolicy())
    with pytest.warns(DeprecationWarning, match="security policies"):
        config.set_authentication_policy(policy())
    if transactions:
        config.include("pyramid_tm")
    ask = Wsgi(config.make_wsgi_app(), ["GET /page"])
    # Where no ticket is sent, that it was looked for is as good as in the key.
    shared = policy is by_ticket
    assert [ask("/page").kept for _ in range(2)] == [False, shared]
    for user in ("alice", "bob"):
        said = [value for name, value in ask(f"/login/{user}").all if name == "set-cookie"]
        cookie = "; ".join(value.partition(";")[0] for value in said)
        for _ in range(2):
            own = ask("/page", cookie=cookie)
            assert (user.encode() in own.body, own.kept) == (True, False)
    stranger = ask("/page")
    assert stranger.kept == shared
    assert not {b"alice", b"bob"} & set(stranger.body.replace(b"'", b" ").split())


def test_a_policy_that_finds_somebody_is_seen_by_that():
    class Anywhere:
        def identity(self, _):
            return "somebody"

        def authenticated_userid(self, _):
            return "somebody"

        def permits(self, *_):
            return True

    config = shop({"/page": lambda request: Response(f"for {request.identity}"), "/plain": plain})
    config.set_security_policy(Anywhere())
    ask = Wsgi(config.make_wsgi_app(), ["GET /page", "GET /plain"])
    assert [ask("/page").kept for _ in range(3)] == [False] * 3
    assert set(ask.caching.whys) == {"the user was read"}
    assert [ask("/plain").kept for _ in range(2)] == [False, True]


def test_a_token_in_a_cookie_of_its_own_is_nobody_else_s():
    config = shop({"/page": lambda request: Response(get_csrf_token(request))})
    config.set_csrf_storage_policy(CookieCSRFStoragePolicy())
    ask = Wsgi(config.make_wsgi_app(), ["GET /page"])
    bodies = [ask("/page").body for _ in range(3)]
    assert len(set(bodies)) == 3
    assert [ask("/page", cookie="csrf_token=abc").kept for _ in range(2)] == [False, False]


def test_a_session_of_the_application_s_own_is_seen():
    def factory(request):
        return {"user": request.cookies.get("mine", "nobody")}

    views = {"/page": lambda request: Response(f"for {request.session['user']}")}
    config = shop(views, session_factory=factory)
    ask = Wsgi(config.make_wsgi_app(), ["GET /page"])
    for headers, body in (({}, b"for nobody"), ({"cookie": "mine=alice"}, b"for alice")) * 2:
        found = ask("/page", **headers)
        assert (found.body, found.kept) == (body, False)


def test_names_of_cookies_are_learnt():
    SignedCookieSessionFactory("secret", cookie_name="shop-of-pyramid")
    AuthTktCookieHelper("secret", cookie_name="ticket-of-pyramid")
    assert {"shop-of-pyramid", "ticket-of-pyramid"} <= known


def test_a_page_that_is_not_there_has_the_format_that_was_asked_for():
    def gone(request):
        raise HTTPNotFound

    ask = Wsgi(shop({"/page": gone}).make_wsgi_app(), ["GET /page"])
    for kind in ("application/json", "text/html", "text/plain") * 2:
        found = ask("/page", **({} if kind == "text/plain" else {"accept": kind}))
        assert found.fields["content-type"].startswith(kind)


def test_a_session_can_be_put_in_place_of_the_one_that_is_made():
    def page(request):
        request.session = {"user": "of the test"}
        found = request.session["user"]
        del request.session
        return Response(f"for {found} {request.session.new}")

    ask = Wsgi(shop({"/page": page}).make_wsgi_app(), ["GET /page"])
    assert ask("/page").body == b"for of the test True"


# --- Whatever WebOb looks for is noted, there or not ---------------------------------------------


def attributes():
    found = [name for name in dir(Request) if not name.startswith("_")]
    return [name for name in found if isinstance(getattr_static(Request, name), property)]


def read(name, environ):
    """What reading one attribute of a request notes."""
    observed = Observed()
    request = Request(observed_environ(environ, observed))
    try:
        getattr(request, name)
    except Exception:  # noqa: BLE001 - it needs a registry, or a body
        return set()
    return {*observed.fields, *observed.personal, *({"cookie"} if observed.cookies else ())}


WATCHED = [
    "accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "cookie",
    "forwarded", "from", "pragma", "referer", "user-agent", "via", "x-forwarded-for", "x-real-ip",
]  # fmt: skip


@pytest.mark.parametrize("name", attributes())
def test_an_attribute_that_reads_a_field_is_noted_where_there_is_none(name):
    assert all(names.watched(field) for field in WATCHED)
    bare = Request.blank("/page").environ | {"REMOTE_ADDR": "127.0.0.1"}
    sent = {f"HTTP_{field.upper().replace('-', '_')}": "1" for field in WATCHED}
    there = {found for found in read(name, bare | sent) if found in WATCHED}
    absent = read(name, bare)
    assert there <= absent
    if name in FIELDS:
        assert FIELDS[name] in there


def test_cookies_are_noted_by_name():
    observed = Observed()
    request = Request(observed_environ(Request.blank("/page").environ, observed))
    assert request.cookies.get("one") is None
    assert observed.cookies == {"one"}
    assert list(request.cookies) == []
    assert observed.cookies == {"one", ALL}
