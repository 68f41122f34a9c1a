"""A route is looked up wherever the framework may serve it, and found nowhere else."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cached import Asgi, Wsgi
from surefoot.core.http_cache.template import Template

FLASK = [
    "/", "/books", "/books/", "/books/<book_id>", "/books/<int:book_id>", "/books/new",
    "/books/<string(length=2):lang>/x", "/f/<path:rest>", "/f/<path:rest>/edit", "/u/<uuid:key>",
    "/n/<float:price>", "/any/<any(a, b):word>", "/<name>", "/a.b/<x>.json", "/é/<x>",
]  # fmt: skip
STARLETTE = [
    "/", "/books", "/books/new", "/books/{book_id}", "/books/{book_id:int}/x", "/f/{rest:path}",
    "/u/{key:uuid}", "/n/{price:float}", "/{name}", "/a.b/{x}.json", "/é/{x}",
]  # fmt: skip
PYRAMID = [
    "/", "/books", "/books/new", "books/{book_id}", r"/books/{book_id:\d+}/x", "/old/:name/x",
    r"/years/{year:\d{4}}-{month:(?:0|1)\d}", "/f/{rest:.+}/edit", "/f/*fizzle", "/a*b",
    r"/twice/{word:(?P<inner>\w)(?P=inner)}", "/any/{word:a|b}", "/u/{key:[0-9a-f-]{36}}",
    "/{name}", "/a.b/{x}.json", "/é/{x}",
]  # fmt: skip
parts = st.sampled_from(
    ["books", "new", "7", "-7", "7.5", "de", "x", "a", "b", "f", "u", "n", "any", "edit", "a.b",
     "1.json", "é", "", ".", "..", "%2e", ";", "Books", " ", "\n", "{x}", "<x>", "old", "years",
     "2026-08", "twice", "aa", "ab",
     "12345678-1234-5678-1234-567812345678"]
)  # fmt: skip
paths = st.lists(parts | st.text(max_size=4), max_size=5).map(lambda found: "/" + "/".join(found))


def flask_router():
    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import Map, Rule

    rules = Map([Rule(path, endpoint=path, methods=["GET"]) for path in FLASK])
    adapter = rules.bind("shop.test")

    def serves(path):
        try:
            return adapter.match(path, "GET")[0]
        except HTTPException:
            return ""

    return serves


def starlette_router():
    from starlette.routing import Match, Route

    async def view(request):
        pass

    routes = [Route(path, view) for path in STARLETTE]

    def serves(path):
        scope = {"type": "http", "path": path, "method": "GET", "root_path": ""}
        return next((r.path for r in routes if r.matches(scope)[0] is Match.FULL), "")

    return serves


def pyramid_router():
    from pyramid.request import Request
    from pyramid.urldispatch import RoutesMapper

    mapper = RoutesMapper()
    for pattern in PYRAMID:
        mapper.connect(pattern, pattern)

    def serves(path):
        request = Request({"PATH_INFO": path.encode("utf-8", "ignore").decode("latin-1")})
        found = mapper(request)["route"]
        return found.pattern if found else ""

    return serves


def pyramid_template(pattern):
    from surefoot.web.pyramid.patterns import template

    return template(pattern)


@pytest.mark.parametrize(
    ("router", "templates", "named"),
    [
        (flask_router, FLASK, str),
        (starlette_router, STARLETTE, str),
        (pyramid_router, PYRAMID, pyramid_template),
    ],
    ids=["flask", "starlette", "pyramid"],
)
def test_whatever_path_a_route_serves_its_template_matches(router, templates, named):
    serves = router()
    found = {path: Template.read(f"GET {named(path)}") for path in templates}

    @settings(max_examples=400)
    @given(paths)
    @example("/books/7")
    @example("/f/a/b/edit")
    @example("/é/1")
    @example("/old/silver/x")
    @example("/years/2026-08")
    @example("/twice/aa")
    def check(path):
        served = serves(path)
        # Starlette's "$" matches before a line break too, and Flask serves "//a" as "/a": paths
        # like these are never looked up.
        odd = path.endswith("\n") or path.startswith("//")
        assert not served or odd or found[served].matches(path)

    check()


def flask_app():
    import flask

    app = flask.Flask("shop", static_folder=None)
    for path in FLASK:
        app.add_url_rule(path, path.replace(".", "-"), lambda path=path, **_: f"by {path}")
    return app


def fastapi_app():
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    def view(path):
        async def answer(request):
            return PlainTextResponse(f"by {path}")

        return answer

    return Starlette(routes=[Route(path, view(path)) for path in STARLETTE])


def pyramid_app():
    from pyramid.config import Configurator
    from pyramid.response import Response

    def view(text):
        return lambda _: Response(text)

    config = Configurator()
    for number, pattern in enumerate(PYRAMID):
        config.add_route(str(number), pattern)
        config.add_view(view(f"by {pyramid_template(pattern)}"), route_name=str(number))
    return config.make_wsgi_app()


@pytest.mark.parametrize(
    ("asking", "app", "template"),
    [
        (Wsgi, flask_app, "/books/<book_id>"),
        (Wsgi, flask_app, "/f/<path:rest>"),
        (Wsgi, flask_app, "/<name>"),
        (Asgi, fastapi_app, "/books/{book_id}"),
        (Asgi, fastapi_app, "/f/{rest:path}"),
        (Asgi, fastapi_app, "/{name}"),
        (Wsgi, pyramid_app, "/books/{book_id}"),
        (Wsgi, pyramid_app, "/f/*fizzle"),
        (Wsgi, pyramid_app, r"/years/{year:\d{4}}-{month:(?:0|1)\d}"),
    ],
)
def test_what_is_found_was_made_by_this_route_at_this_path(asking, app, template):
    plain, ask = asking(app(), []), asking(app(), [f"GET {template}"])

    @settings(max_examples=60, deadline=None)
    @given(paths.filter(lambda path: path.isprintable() and "?" not in path))
    @example("/books/new")
    @example("/f/a/edit")
    @example("/books")
    @example("/years/2026-08")
    def check(path):
        expected = plain(path)
        for answer in (ask(path), ask(path)):
            assert (answer.status, answer.body) == (expected.status, expected.body)
            assert not answer.kept or answer.body.decode() == f"by {template}"

    check()


def test_a_mounted_application_is_known_by_where_it_is_mounted():
    import flask
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    outer, inner = flask.Flask("outer"), flask.Flask("inner")
    inner.add_url_rule("/page/<name>", "page", lambda name: name)
    outer.add_url_rule("/page/<name>", "page", lambda name: f"outer {name}")
    ask = Wsgi(DispatcherMiddleware(outer, {"/in": inner}), ["GET /in/page/<name>"])
    assert [ask("/in/page/a").kept for _ in range(2)] == [False, True]
    assert [ask("/page/a").kept for _ in range(2)] == [False, False]

    async def page(request):
        return PlainTextResponse(request.path_params["name"])

    app = Starlette(routes=[Mount("/in", routes=[Route("/page/{name}", page)])])
    asked = Asgi(app, ["GET /in/page/{name}"])
    assert [asked("/in/page/a").kept for _ in range(2)] == [False, True]
