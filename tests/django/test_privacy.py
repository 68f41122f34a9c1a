"""Answers of Django that are kept: nobody gets another's, and what a view reads is seen."""

from __future__ import annotations

import asyncio
from types import ModuleType

import pytest
from django.contrib import messages
from django.http import HttpResponse
from django.middleware import csrf
from django.template import engines
from django.test import override_settings
from django.urls import path, re_path
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.http_cache.template import Template
from surefoot.testing import PrivacyContract

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SETTINGS = {
    "ALLOWED_HOSTS": ["*"],
    "MIDDLEWARE": MIDDLEWARE,
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
}


def login(request, name):
    request.session["name"] = name
    return HttpResponse(f"welcome [{name}]")


def account(request):
    return HttpResponse(f"account of [{request.session.get('name', '')}]")


def greeting(request):
    name = request.session.get("name", "") if "sessionid" in request.COOKIES else ""
    return HttpResponse(f"good day [{name}]" if name else "good day")


def book(request, number):
    return HttpResponse(f"book {number}")


def front(request):
    if int(request.META["QUERY_STRING"]) % 2:
        return HttpResponse(f"front for [{request.session.get('name', '')}]")
    return HttpResponse("front")


def urls(*patterns):
    module = ModuleType("urls")
    module.urlpatterns = list(patterns)
    return module


SHOP = urls(
    path("login/<str:name>", login),
    path("account", account),
    path("greeting", greeting),
    path("books/<int:number>", book),
    path("front", front),
)


@pytest.fixture(autouse=True)
def _settings():
    with override_settings(ROOT_URLCONF=SHOP, **SETTINGS):
        yield


class TestDjangoWsgi(PrivacyContract):
    interface = "wsgi"
    templates = ("/login/<str:name>", "/account", "/greeting", "/books/<int:number>", "/front")

    def application(self):
        from django.core.handlers.wsgi import WSGIHandler

        return WSGIHandler()


class TestDjangoAsgi(TestDjangoWsgi):
    interface = "asgi"
    # Django starts and joins a thread for every request of a plain view.
    requests = 270

    def application(self):
        from django.core.handlers.asgi import ASGIHandler

        return ASGIHandler()


# --- What is seen of a request --------------------------------------------------------------------


def rendered(source):
    def view(request):
        return HttpResponse(engines["django"].from_string(source).render({}, request))

    return view


def told(request):
    messages.info(request, "hello")
    return HttpResponse("told")


VIEWS = {
    "plain": (lambda _: HttpResponse("plain"), ""),
    "template": (rendered("page"), ""),
    "method": (lambda request: HttpResponse(request.method + request.get_host()), ""),
    "session": (lambda request: HttpResponse(request.session.get("x")), "the session was read"),
    "session-key": (
        lambda request: HttpResponse(request.session.session_key),
        "the session was read",
    ),
    "empty": (lambda request: HttpResponse(request.session.is_empty()), "the session was read"),
    "user": (lambda request: HttpResponse(request.user.is_authenticated), "the session was read"),
    "cookie": (
        lambda request: HttpResponse(request.COOKIES.get("theme")),
        "the cookie 'theme' was read",
    ),
    "cookies": (lambda request: HttpResponse(len(request.COOKIES)), "cookies were read"),
    "raw-cookie": (
        lambda request: HttpResponse(request.META.get("HTTP_COOKIE")),
        "cookies were read",
    ),
    "header": (
        lambda request: HttpResponse(request.headers.get("user-agent")),
        "user-agent was read, and Vary does not name it",
    ),
    "absent-header": (
        lambda request: HttpResponse("Referer" in request.headers),
        "referer was read, and Vary does not name it",
    ),
    "meta": (
        lambda request: HttpResponse(request.META.get("HTTP_ACCEPT_LANGUAGE")),
        "accept-language was read, and Vary does not name it",
    ),
    "address": (
        lambda request: HttpResponse(request.META["REMOTE_ADDR"]),
        "the client's address was read",
    ),
    "accepts": (
        lambda request: HttpResponse(request.accepts("text/html")),
        "accept was read, and Vary does not name it",
    ),
    "token": (lambda request: HttpResponse(csrf.get_token(request)), "it carries set-cookie"),
    "absent-token": (
        lambda request: HttpResponse("CSRF_COOKIE" in request.META),
        "a token against forged requests was read",
    ),
    "form": (rendered("{% csrf_token %}"), "it carries set-cookie"),
    "messages": (
        lambda request: HttpResponse(list(messages.get_messages(request))),
        "the cookie 'messages' was read",
    ),
    "says": (told, "it carries set-cookie"),
}


@pytest.fixture(params=["wsgi", "asgi"])
def said(request):
    """What the cache says of the answer to one request of a view."""
    from surefoot.config import CachedResponse
    from surefoot.stores.inline import AsyncInline
    from surefoot.stores.memory import MemoryStore
    from surefoot.testing.privacy import _ask_asgi, _ask_wsgi
    from surefoot.web.responses import asgi, wsgi
    from surefoot.web.responses.caching import Caching
    from surefoot.web.responses.installed import hook, routes

    hook()

    def ask(view, *headers, **entry):
        entries = [CachedResponse("GET /page", 60.0, 60.0, **entry)]
        caching = Caching(routes(entries, encoded=False), 10**6, status=True)
        with override_settings(ROOT_URLCONF=urls(path("page", view))):
            if request.param == "wsgi":
                from django.core.handlers.wsgi import WSGIHandler

                shell = wsgi.Cached(WSGIHandler(), caching, MemoryStore())
                fields, _ = _ask_wsgi(shell, "/page", list(headers))
            else:
                from django.core.handlers.asgi import ASGIHandler

                shell = asgi.Cached(ASGIHandler(), caching, AsyncInline(MemoryStore()))
                fields, _ = asyncio.run(_ask_asgi(shell, "/page", list(headers)))
        return next(value for name, value in fields if name.lower() == "cache-status")

    return ask


@pytest.mark.parametrize("name", VIEWS)
def test_what_a_view_reads_is_seen(name, said):
    view, why = VIEWS[name]
    found = said(view)
    assert ("stored" in found) == (not why), found
    assert why in found


def test_user_agents_that_are_turned_away_are_read(said):
    import re

    with override_settings(DISALLOWED_USER_AGENTS=[re.compile("bot")]):
        assert "user-agent was read" in said(VIEWS["plain"][0])


def test_a_session_of_somebody_else_s_making_is_not_vouched_for(said, monkeypatch):
    from django.contrib.sessions.backends import signed_cookies

    class Own(signed_cookies.SessionStore):
        pass

    monkeypatch.setattr(signed_cookies, "SessionStore", Own)
    view = VIEWS["plain"][0]
    assert "stored" in said(view)
    assert "cannot be seen" in said(view, everybody=True)


# --- Templates ------------------------------------------------------------------------------------


PATTERNS = [
    path("books/<int:number>", book),
    path("by/<slug:slug>/<uuid:key>", book),
    path("files/<path:rest>", book),
    re_path(r"^years/(?P<year>[0-9]{4})/(?P<rest>.*)$", book),
    re_path(r"^tags/(?P<tag>[^/.]+)\.(?P<format>json|xml)$", book),
]
PARTS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.uuids().map(str),
    st.sampled_from(
        ["books", "by", "files", "years", "tags", "a-b", "2026", "x.json", "x.xml", ""]
    ),
    st.text(max_size=4),
)


@given(st.sampled_from(["books", "by", "files", "years", "tags"]), st.lists(PARTS, max_size=3))
def test_every_path_that_django_takes_is_one_that_the_matcher_looks_up(head, tail):
    from django.urls import Resolver404
    from django.urls.resolvers import RegexPattern, URLResolver

    from surefoot.web.django.patterns import template

    asked = "/" + "/".join([head, *tail])
    resolver = URLResolver(RegexPattern(r"^/"), PATTERNS)
    try:
        match = resolver.resolve(asked)
    except Resolver404:
        return
    assert Template.read(f"GET {template(match.route)}").matches(asked)
