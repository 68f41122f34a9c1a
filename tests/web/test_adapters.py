"""Flask, FastAPI and applications without a framework keep the adapters' contract."""

from __future__ import annotations

import asyncio
from types import MappingProxyType

from burning import burn, in_pool, in_thread
from surefoot.testing import AdapterContract


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

        @app.get("/burn/other")
        async def burning_in_a_loop():
            await asyncio.sleep(0)
            burn()
            return "burnt"

        @app.get("/stream")
        def stream():
            def parts():
                yield "a"
                yield "b"
                self.ask()
                yield "c"

            return flask.Response(parts())

        @app.get("/fail")
        def fail():
            raise RuntimeError("on purpose")

        @inner.get("/inner/<number>")
        def inside(number):
            return number

        self.asking(app)
        return DispatcherMiddleware(app, {"/mounted": inner})

    def asking(self, app):
        @app.get("/ask")
        def ask():
            self.ask()
            return "asked"

        @app.get("/ask/thread")
        def ask_in_thread():
            in_thread(self.ask)
            return "asked"

        @app.get("/ask/pool")
        def ask_in_pool():
            in_pool(self.ask)
            return "asked"


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

        @app.get("/burn/other")
        def burning_in_a_thread():
            burn()
            return "burnt"

        @app.get("/stream")
        async def stream():
            def parts():
                yield "a"
                yield "b"
                self.ask()
                yield "c"

            return StreamingResponse(parts())

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
        self.asking(app)
        return app

    def asking(self, app):
        from fastapi import WebSocket

        @app.websocket("/ws")
        async def talk(websocket: WebSocket):
            await websocket.accept()
            await websocket.send_text("hello")
            await websocket.close()

        @app.get("/ask")
        def ask():
            self.ask()

        @app.get("/ask/thread")
        async def ask_in_thread():
            in_thread(self.ask)

        @app.get("/ask/pool")
        async def ask_in_pool():
            await asyncio.to_thread(self.ask)


class TestBareWsgi(AdapterContract):
    interface = "wsgi"
    templates = MappingProxyType({"/items/3": "(unknown)"})

    def application(self):
        async def burning():
            await asyncio.sleep(0)
            burn()

        def parts():
            yield b"a"
            yield b"b"
            self.ask()
            yield b"c"

        views = {
            "/items/3": lambda: [b"3"],
            "/burn": lambda: burn() or [],
            "/burn/other": lambda: asyncio.run(burning()) or [],
            "/ask": lambda: self.ask() or [],
            "/ask/thread": lambda: in_thread(self.ask) or [],
            "/ask/pool": lambda: in_pool(self.ask) or [],
            "/stream": parts,
        }

        def app(environ, start_response):
            path = environ["PATH_INFO"]
            if path == "/fail":
                start_response("500 Internal Server Error", [])
                return [b"failed"]
            start_response("200 OK" if path in views else "404 Not Found", [])
            return views.get(path, lambda: [b"nothing"])()

        return app


class TestBareAsgi(AdapterContract):
    interface = "asgi"
    templates = MappingProxyType({"/items/3": "(unknown)"})

    def application(self):
        views = {
            "/items/3": lambda: None,
            "/burn": burn,
            "/ask": self.ask,
            "/ask/thread": lambda: in_thread(self.ask),
            "/ask/pool": lambda: in_pool(self.ask),
        }

        async def http(path, send):
            known = path in views or path in {"/stream", "/burn/other"}
            status = 500 if path == "/fail" else 200 if known else 404
            if path == "/burn/other":
                await asyncio.to_thread(burn)
            views.get(path, lambda: None)()
            await send({"type": "http.response.start", "status": status, "headers": []})
            for part in (b"a", b"b", b"c") if path == "/stream" else (path.encode(),):
                if part == b"c":
                    self.ask()
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

        async def app(scope, receive, send):
            if scope["type"] == "http":
                await http(scope["path"], send)
                return
            await send({"type": "websocket.accept", **await receive()})

        return app
