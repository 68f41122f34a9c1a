"""What Django itself keeps in a cache: sessions, pieces of templates, whole answers."""

import asyncio
import contextvars
import importlib

import pytest
from django.core.cache import caches
from django.http import HttpResponse
from django.middleware.cache import FetchFromCacheMiddleware, UpdateCacheMiddleware
from django.template import Context, Template
from django.test import RequestFactory
from django.views.decorators.cache import cache_page

from surefoot.errors import UncacheableError


@pytest.fixture
def sessions(default_cache, url):
    default_cache(url)
    return importlib.import_module("django.contrib.sessions.backends.cache").SessionStore


def test_sessions(sessions):
    session = sessions()
    session["cart"] = [7, {"n": 2}]
    # What Django's own password reset and CSRF keep there.
    session["_password_reset_token"] = "c0ffee"
    session["_csrftoken"] = "cafe"
    session.set_expiry(60)
    session.save()
    again = sessions(session.session_key)
    assert again["cart"] == [7, {"n": 2}]
    assert again["_password_reset_token"] == "c0ffee"
    again["cart"] = []
    again.save()
    assert sessions(session.session_key)["cart"] == []
    again.cycle_key()
    assert sessions(again.session_key)["cart"] == []
    assert not sessions().exists(session.session_key)
    again.flush()
    assert sessions(again.session_key).load() == {}


def test_sessions_of_event_loops(sessions):
    if not hasattr(sessions, "asave"):
        pytest.skip("sessions have coroutines since Django 5.1")

    async def main():
        session = sessions()
        await session.aset("cart", [7])
        await session.asave()
        again = sessions(session.session_key)
        assert await again.aget("cart") == [7]
        await again.aflush()
        assert await sessions(session.session_key).aload() == {}

    asyncio.run(main())


def test_sessions_that_lie_in_a_database_too(default_cache, url, database):
    from django.contrib.sessions.models import Session

    cache = default_cache(url)
    with database().schema_editor() as editor:
        editor.create_model(Session)
    store = importlib.import_module("django.contrib.sessions.backends.cached_db").SessionStore
    session = store()
    session["cart"] = [7]
    session.save()
    assert cache.get(session.cache_key) == {"cart": [7]}
    cache.clear()
    assert store(session.session_key)["cart"] == [7]
    assert cache.get(session.cache_key) == {"cart": [7]}


def test_a_session_of_a_store_that_is_away_can_be_made(default_cache, own_redis):
    default_cache(own_redis.url)
    store = importlib.import_module("django.contrib.sessions.backends.cache").SessionStore
    own_redis.kill()
    session = store()
    session["cart"] = [7]
    session.save()
    assert session.session_key
    assert store(session.session_key).load() == {}


def test_pieces_of_templates_are_not_escaped_again(default_cache):
    default_cache()
    template = Template("{% load cache %}{% cache 60 piece user %}<b>{{ name }}</b>{% endcache %}")
    for name in ("A & B", "another"):
        page = template.render(Context({"user": 1, "name": name}))
        assert page == "<b>A &amp; B</b>"
    assert "C" in template.render(Context({"user": 2, "name": "C"}))


def test_safe_text_is_not_escaped_when_it_comes_back(default_cache):
    from django.utils.html import format_html

    cache = default_cache()
    cache.set("link", format_html("<a>{}</a>", "&"))
    shown = Template("{{ link }}").render(Context({"link": cache.get("link")}))
    assert shown == "<a>&amp;</a>"


def _page(calls, cookie=False):
    @cache_page(60)
    def view(request):
        calls.append(request.path)
        response = HttpResponse(f"page {len(calls)}", headers={"X-Own": "1"})
        if cookie:
            response.set_cookie("seen", "1")
        return response

    return view


def test_whole_answers_are_kept_by_who_allows_pickle(default_cache, url):
    default_cache(url, pickle=True)
    calls, ask = [], RequestFactory()
    view = _page(calls)
    pages = [view(ask.get("/a")) for _ in range(3)]
    assert [page.content for page in pages] == [b"page 1"] * 3
    assert pages[2].headers["X-Own"] == "1"
    assert view(ask.get("/b")).content == b"page 2"
    assert calls == ["/a", "/b"]


def test_whole_answers_need_pickle(default_cache):
    default_cache()
    with pytest.raises(UncacheableError, match=r"HttpResponse.*only pickle"):
        _page([])(RequestFactory().get("/a"))


def test_an_answer_with_a_cookie_is_nobody_else_s(default_cache, caplog):
    default_cache(pickle=True)
    calls, ask = [], RequestFactory()
    view = _page(calls, cookie=True)
    assert [view(ask.get("/a")).content for _ in range(2)] == [b"page 1", b"page 2"]
    assert "cookies" in caplog.text


def test_the_middleware_for_a_whole_site(default_cache):
    default_cache(pickle=True)
    calls = []

    def view(request):
        calls.append(1)
        response = HttpResponse(f"page {len(calls)}")
        response.headers["Vary"] = "X-Kind"
        return response

    site = UpdateCacheMiddleware(FetchFromCacheMiddleware(view))
    ask = RequestFactory()
    for kind in ("a", "b", "a", "b"):
        site(ask.get("/", headers={"x-kind": kind}))
    assert len(calls) == 2


def test_threads_and_requests_share_one_cache(default_cache):
    cache = default_cache()
    cache.set("k", 1)

    async def other():
        # Under ASGI Django makes a backend for every request.
        assert caches["default"] is not mine
        return await caches["default"].aget("k")

    mine = caches["default"]
    assert contextvars.Context().run(asyncio.run, other()) == 1
