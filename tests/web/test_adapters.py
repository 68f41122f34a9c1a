"""Flask, Starlette and FastAPI keep the adapters' contract."""

from __future__ import annotations

import time
from types import MappingProxyType

from surefoot.testing import AdapterContract


def burn():
    end = time.thread_time() + 0.03
    while time.thread_time() < end:
        pass


class TestFlask(AdapterContract):
    interface = "wsgi"
    templates = MappingProxyType(
        {
            "/items/3": "/items/<int:number>",
            "/mounted/inner/7": "/mounted/inner/<number>",
        }
    )

    def application(self):
        import flask
        from werkzeug.middleware.dispatcher import DispatcherMiddleware

        app, inner = flask.Flask("outer"), flask.Flask("inner")
        app.logger.disabled = True

        @app.get("/items/<int:number>")
        def item(number):
            return str(number)

        @app.get("/burn")
        def burning():
            burn()
            return "burnt"

        @app.get("/stream")
        def stream():
            return flask.Response(iter(["a", "b", "c"]))

        @app.get("/fail")
        def fail():
            raise RuntimeError("on purpose")

        @inner.get("/inner/<number>")
        def inside(number):
            return number

        return DispatcherMiddleware(app, {"/mounted": inner})


class TestStarlette(AdapterContract):
    interface = "asgi"
    templates = MappingProxyType(
        {
            "/items/3": "/items/{number:int}",
            "/mounted/inner/7": "/mounted/inner/{number}",
            "/tenants/blue/inner/7": "/tenants/{tenant}/inner/{number}",
        }
    )

    def application(self):
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse, StreamingResponse
        from starlette.routing import Mount, Route

        async def item(request):
            return PlainTextResponse(str(request.path_params["number"]))

        async def burning(request):
            burn()
            return PlainTextResponse("burnt")

        async def stream(request):
            return StreamingResponse(iter(["a", "b", "c"]))

        async def fail(request):
            raise RuntimeError("on purpose")

        inner = [Route("/inner/{number}", item)]
        return Starlette(
            routes=[
                Route("/items/{number:int}", item),
                Route("/burn", burning),
                Route("/stream", stream),
                Route("/fail", fail),
                Mount("/mounted", app=Starlette(routes=inner)),
                Mount("/tenants/{tenant}", routes=inner),
            ]
        )


class TestFastApi(AdapterContract):
    interface = "asgi"
    templates = MappingProxyType(
        {
            "/items/3": "/items/{number}",
            "/plain/3": "/plain/{number}",
            "/included/deep/4": "/included/deep/{number}",
            "/mounted/inner/7": "/mounted/inner/{number}",
        }
    )

    def application(self):
        from fastapi import APIRouter, FastAPI
        from fastapi.responses import StreamingResponse

        app, inner = FastAPI(), FastAPI()
        router, deep = APIRouter(), APIRouter(prefix="/deep")

        @app.get("/items/{number}")
        async def item(number: int):
            return number

        @app.get("/plain/{number}")
        def in_a_thread(number: int):
            return number

        @app.get("/burn")
        async def burning():
            burn()
            return "burnt"

        @app.get("/stream")
        async def stream():
            return StreamingResponse(iter(["a", "b", "c"]))

        @app.get("/fail")
        async def fail():
            raise RuntimeError("on purpose")

        @deep.get("/{number}")
        async def included(number: int):
            return number

        @inner.get("/inner/{number}")
        async def inside(number: int):
            return number

        router.include_router(deep)
        app.include_router(router, prefix="/included")
        app.mount("/mounted", inner)
        return app


class TestBareWsgi(AdapterContract):
    interface = "wsgi"
    templates = MappingProxyType({"/items/3": "(unknown)"})

    def application(self):
        def app(environ, start_response):
            path = environ["PATH_INFO"]
            if path == "/fail":
                start_response("500 Internal Server Error", [])
                return [b"failed"]
            if path == "/burn":
                burn()
            if path == "/stream":
                start_response("200 OK", [])
                return iter([b"a", b"b", b"c"])
            known = path in {"/items/3", "/burn"}
            start_response("200 OK" if known else "404 Not Found", [])
            return [path.encode()]

        return app


class TestBareAsgi(AdapterContract):
    interface = "asgi"
    templates = MappingProxyType({"/items/3": "(unknown)"})

    def application(self):
        async def app(scope, receive, send):
            path = scope["path"]
            known = path in {"/items/3", "/burn", "/stream"}
            status = 500 if path == "/fail" else 200 if known else 404
            if path == "/burn":
                burn()
            await send({"type": "http.response.start", "status": status, "headers": []})
            parts = [b"a", b"b", b"c"] if path == "/stream" else [path.encode()]
            for part in parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

        return app
