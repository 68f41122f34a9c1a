"""Pyramid keeps the adapters' contract: routes, traversal, tweens, subrequests, errors."""

from __future__ import annotations

import asyncio
import functools
from types import MappingProxyType

import pytest
from pyramid.authorization import Allow, Everyone
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from zope.interface import Interface, implementer

from burning import burn, in_pool, in_thread
from surefoot.testing import AdapterContract
from surefoot.testing.receiver import Receiver
from surefoot.web import frameworks, inspect
from surefoot.web.application import framework_object, interface
from surefoot.web.pyramid.framework import PYRAMID


class Shelf(dict):
    """A resource with others in it."""


class Book:
    """A resource at the end of the way."""


class IOdd(Interface):
    """What some resources provide."""


@implementer(IOdd)
class Odd:
    """One of them."""


def library(request):
    book = Book()
    return Shelf(shelf=Shelf(deep=Shelf(book=book), book=book), odd=Odd())


def numbered(request):
    return Response("/".join(map(str, request.matchdict.values())))


def said(context, request):
    return Response(f"{type(context).__name__} {request.view_name}")


def burning_in_a_loop():
    async def burning():
        await asyncio.sleep(0)
        burn()

    asyncio.run(burning())


def calls(work):
    def view(request):
        work()
        return Response("done")

    return view


def fail(request):
    raise RuntimeError("on purpose")


def passing(handler, registry):
    def tween(request):
        response = handler(request)
        response.headers["X-Passed"] = "yes"
        return response

    return tween


def routed(config, pattern, view):
    config.add_route(pattern, pattern)
    config.add_view(view, route_name=pattern)


def asked(config, test):
    route = functools.partial(routed, config)
    route("/items/{number}", numbered)
    route(r"years/{year:\d{4}}/{month:\d+}", numbered)
    route("/old/:name", numbered)
    route("/files/*path", numbered)
    route("/burn", calls(burn))
    route("/burn/other", calls(burning_in_a_loop))
    route("/ask", calls(test.ask))
    route("/ask/thread", calls(lambda: in_thread(test.ask)))
    route("/ask/pool", calls(lambda: in_pool(test.ask)))
    route("/fail", fail)
    route("/sub", lambda request: request.invoke_subrequest(Request.blank("/items/9")))
    route("/sub/tweens", lambda r: r.invoke_subrequest(Request.blank("/items/9"), use_tweens=True))
    route("/stream", lambda _: Response(app_iter=parts(test)))


def parts(test):
    yield b"a"
    yield b"b"
    test.ask()
    yield b"c"


def included(config):
    routed(config, "/inner/{number}", numbered)


def application(test, **settings):
    config = Configurator(settings=settings, root_factory=library)
    config.add_tween(f"{__name__}.passing")
    asked(config, test)
    config.include(included, route_prefix="/mounted")
    config.add_route("tree", "/tree/*traverse", factory=library)
    for view in ("", "edit"):
        config.add_view(said, context=Shelf, name=view)
        config.add_view(said, context=Book, name=view)
        config.add_view(said, context=Book, name=view, route_name="tree")
    config.add_view(said, context=IOdd)
    return config.make_wsgi_app()


class TestPyramid(AdapterContract):
    interface = "wsgi"
    templates = MappingProxyType(
        {
            "/items/3": "/items/{number}",
            "/years/2026/8": r"/years/{year:\d{4}}/{month:\d+}",
            "/old/silver": "/old/{name}",
            "/files/a/b.txt": "/files/*path",
            "/mounted/inner/7": "/mounted/inner/{number}",
            "/sub": "/sub",
            "/sub/tweens": "/sub/tweens",
            "/": "/*Shelf",
            "/shelf/deep": "/*Shelf",
            "/edit": "/*Shelf/edit",
            "/shelf/book": "/*Book",
            "/shelf/deep/book/edit": "/*Book/edit",
            "/shelf/deep/book/edit/more": "/*Book/edit",
            "/odd": "/*Odd",
            "/tree/shelf/book": "/tree/*Book",
            "/tree/shelf/deep/book/edit": "/tree/*Book/edit",
        }
    )

    def application(self):
        return application(self)

    def test_an_error_that_the_server_gets_has_its_route(self):
        """Pyramid answers no error itself."""
        with Receiver() as receiver:
            with pytest.raises(RuntimeError, match="on purpose"):
                self._send(receiver, ["/fail"], {})
            (record,) = receiver.wait_for_records(1)
        assert (record.route, record.status) == ("/fail", 500)


class TestPyramidWithTransactions(AdapterContract):
    """pyramid_tm's tween, and an exception view."""

    interface = "wsgi"
    templates = MappingProxyType({"/items/3": "/items/{number}"})

    def application(self):
        config = Configurator()
        config.include("pyramid_tm")
        asked(config, self)
        config.add_exception_view(lambda *_: Response("sorry", status=500), RuntimeError)
        return config.make_wsgi_app()


class TestWithoutAnEnd:
    """Requests that no view of the application answered as it should have."""

    def route(self, app, path):
        environ = Request.blank(path).environ
        statuses = []
        frameworks.hook()
        list(app(environ, lambda status, *_: statuses.append(int(status[:3]))))
        return statuses[-1], PYRAMID.matched(environ, "")

    def application(self, **words):
        frameworks.hook()
        config = Configurator(**words)
        config.add_route("gone", "/gone/{number}")
        config.add_route("viewless", "/viewless/{number}")
        config.add_route("tree", "/tree/*traverse", factory=lambda _: Shelf())
        config.add_view(self.gone, route_name="gone")
        config.add_exception_view(lambda *_: Response("none", status=404), HTTPNotFound)
        return config

    def gone(self, _):
        raise HTTPNotFound

    def test_a_view_that_finds_nothing_has_its_route(self):
        app = self.application().make_wsgi_app()
        assert self.route(app, "/gone/3") == (404, "/gone/{number}")

    def test_a_route_without_a_view_has_its_pattern(self):
        app = self.application().make_wsgi_app()
        assert self.route(app, "/viewless/3") == (404, "/viewless/{number}")
        assert self.route(app, "/tree/no/such") == (404, "/tree/*traverse")

    def test_what_traversal_does_not_find_shares_one_name(self):
        app = self.application(root_factory=lambda _: Shelf()).make_wsgi_app()
        assert self.route(app, "/any/thing") == (404, "")

    def test_a_root_that_cannot_be_had_leaves_no_name(self):
        def factory(request):
            raise HTTPFound("/items")

        app = self.application(root_factory=factory).make_wsgi_app()
        assert self.route(app, "/any") == (302, "")

    def test_who_is_not_allowed_was_at_the_route(self):
        class Closed:
            __acl__ = ((Allow, "nobody", "see"),)

        class Policy:
            def permits(self, *_):
                return False

            def identity(self, _):
                return None

        config = self.application()
        config.set_security_policy(Policy())
        config.add_route("closed", "/closed/{number}", factory=lambda _: Closed())
        config.add_view(numbered, route_name="closed", permission="see")
        config.add_forbidden_view(lambda _: Response("no", status=403))
        assert Everyone not in Closed.__acl__[0]
        assert self.route(config.make_wsgi_app(), "/closed/3") == (403, "/closed/{number}")

    def test_a_tween_that_answers_itself_leaves_no_name(self):
        config = self.application()
        config.add_tween(f"{__name__}.closed_for_today")
        assert self.route(config.make_wsgi_app(), "/gone/3") == (503, "")


def closed_for_today(handler, registry):
    return lambda _: Response("closed", status=503)


class Nothing:
    def ask(self):
        raise AssertionError("nobody asks")


def test_it_is_known_under_middleware():
    app = application(Nothing())

    class Middleware:
        def __init__(self, app):
            self.app = app

        def __call__(self, environ, start_response):
            return self.app(environ, start_response)

    for served in (app, Middleware(app), Middleware(Middleware(app))):
        assert interface(served) == "wsgi"
        assert framework_object(served) == (PYRAMID, app)


def test_its_routes_are_told_with_their_parameters_and_methods():
    config = Configurator()
    config.add_static_view("static", "pyramid:scaffolds")
    for name, pattern, words in (
        ("one", "/items/{number}", {"request_method": "GET"}),
        ("two", r"years/{year:\d{4}}/{rest:.+}", {"request_method": ("GET", "PUT")}),
        ("three", "/posted", {}),
    ):
        config.add_route(name, pattern, **words)
    config.add_view(numbered, route_name="one")
    config.add_view(numbered, route_name="two")
    config.add_view(numbered, route_name="three", request_method="POST")
    config.add_view(said, context=Book)
    config.add_view(said, context=Book, name="edit", request_method=("GET", "POST"))
    config.add_exception_view(lambda *_: Response("none"), HTTPNotFound)
    app = config.make_wsgi_app()
    assert [
        (each["method"], each["template"], each["parameters"], each["endpoint"])
        for each in PYRAMID.routes(app)
    ] == [
        ("GET", "/static/*subpath", [["subpath", "path"]], "__static/"),
        ("GET", "/items/{number}", [["number", "str"]], "one"),
        ("GET", r"/years/{year:\d{4}}/{rest:.+}", [["year", "int"], ["rest", "path"]], "two"),
        ("PUT", r"/years/{year:\d{4}}/{rest:.+}", [["year", "int"], ["rest", "path"]], "two"),
        ("POST", "/posted", [], "three"),
        ("GET", "/*Book", [["Book", "path"]], ""),
        ("GET", "/*Book/edit", [["Book", "path"]], "edit"),
        ("POST", "/*Book/edit", [["Book", "path"]], "edit"),
    ]


def test_an_application_that_tells_nothing_of_its_views_tells_its_routes():
    config = Configurator(introspection=False)
    config.add_route("one", "/items/{number}", request_method="POST")
    config.add_view(numbered, route_name="one")
    routes = PYRAMID.routes(config.make_wsgi_app())
    assert [(each["method"], each["template"]) for each in routes] == [("GET", "/items/{number}")]


def test_inspect_tells_framework_and_version(monkeypatch):
    from surefoot.core.target import parse_target

    monkeypatch.syspath_prepend(str(__file__).rpartition("/")[0])
    found = inspect.inspected(parse_target("served:make()"), {})
    assert (found["framework"], found["interface"]) == ("pyramid", "wsgi")
    assert found["framework_version"].startswith("2.")
    assert [each["template"] for each in found["routes"]] == ["/items/{number}"]
