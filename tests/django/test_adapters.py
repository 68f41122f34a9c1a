"""Django keeps the adapters' contract, under WSGI and under ASGI."""

from __future__ import annotations

import asyncio
from types import MappingProxyType, ModuleType

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import include, path, re_path
from django.views import View

from burning import burn, in_pool, in_thread
from surefoot.testing import AdapterContract

TEMPLATES = MappingProxyType(
    {
        "/items/3": "/items/<int:number>",
        "/classes/3": "/classes/<int:number>",
        "/mounted/inner/7": "/mounted/inner/<str:number>",
        "/expressions/2026/08/": "/expressions/<int:year>/<month>/",
        "/rest/books/12.json": "/rest/books/<pk>.<format>",
        "/en-us/deep/a/b": "/en-us/deep/<path:rest>",
    }
)


def shown(request, **words):
    return HttpResponse("/".join(map(str, words.values())))


async def shown_in_a_loop(request, **words):
    return shown(request, **words)


class Shown(View):
    def get(self, _, number):
        return HttpResponse(str(number))


def calls(work):
    def view(request):
        work()
        return HttpResponse("done")

    return view


def calls_in_a_loop(work):
    async def view(request):
        await asyncio.sleep(0)
        work()
        return HttpResponse("done")

    return view


def fail(request):
    raise RuntimeError("on purpose")


class DjangoContract(AdapterContract):
    """What the two interfaces share."""

    templates = TEMPLATES

    @pytest.fixture(autouse=True)
    def _settings(self):
        with override_settings(
            MIDDLEWARE=["django.middleware.common.CommonMiddleware"], ALLOWED_HOSTS=["*"]
        ):
            yield

    def patterns(self, plain, other):
        """Views of the interface's own colour and of the other one."""
        from django.conf.urls.i18n import i18n_patterns

        inner = [path("inner/<str:number>", shown)]
        return [
            path("items/<int:number>", shown),
            path("classes/<int:number>", Shown.as_view()),
            path("mounted/", include(inner)),
            re_path(r"^expressions/(?P<year>[0-9]{4})/(?P<month>\w{2})/$", shown),
            path(
                "rest/", include([re_path(r"^books/(?P<pk>[^/.]+)\.(?P<format>[a-z]+)/?$", shown)])
            ),
            path("burn", plain(burn)),
            path("burn/other", other(burn)),
            path("ask", plain(self.ask)),
            path("ask/thread", plain(lambda: in_thread(self.ask))),
            path("ask/pool", plain(lambda: in_pool(self.ask))),
            path("stream", self.stream),
            path("fail", fail),
            *i18n_patterns(path("deep/<path:rest>", shown_in_a_loop)),
        ]

    def served(self, patterns, handler):
        urls = ModuleType("urls")
        urls.urlpatterns = patterns
        overridden = override_settings(ROOT_URLCONF=urls)
        overridden.enable()
        self.overridden.append(overridden)
        return handler()

    @pytest.fixture(autouse=True)
    def _urls(self):
        self.overridden = []
        yield
        for each in reversed(self.overridden):
            each.disable()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
class TestDjangoWsgi(DjangoContract):
    interface = "wsgi"

    def application(self):
        from django.core.handlers.wsgi import WSGIHandler

        return self.served(self.patterns(calls, calls_in_a_loop), WSGIHandler)

    def stream(self, _):
        def parts():
            yield "a"
            yield "b"
            self.ask()
            yield "c"

        return StreamingHttpResponse(parts())


class TestDjangoAsgi(DjangoContract):
    interface = "asgi"

    def application(self):
        from django.core.handlers.asgi import ASGIHandler

        return self.served(self.patterns(calls_in_a_loop, calls), ASGIHandler)

    def stream(self, _):
        async def parts():
            yield "a"
            yield "b"
            self.ask()
            yield "c"

        return StreamingHttpResponse(parts())
