"""Two users and a stranger, all at once: nobody gets a byte of another's page."""

from cached import fastapi_app, flask_app
from surefoot.testing import PrivacyContract


class TestFlask(PrivacyContract):
    interface = "wsgi"
    templates = ("/login/<name>", "/account", "/greeting", "/books/<int:number>", "/front")

    def application(self):
        import flask

        app = flask_app()

        @app.get("/login/<name>")
        def login(name):
            flask.session["user"] = name
            return f"welcome [{name}]"

        @app.get("/account")
        def account():
            return f"account of [{flask.session.get('user', '')}]"

        @app.get("/greeting")
        def greeting():
            if "session" in flask.request.cookies:
                return f"good day [{flask.session['user']}]"
            return "good day"

        @app.get("/books/<int:number>")
        def book(number):
            return f"book {number}"

        @app.get("/front")
        def front():
            if int(flask.request.query_string) % 2:
                return f"front for [{flask.session.get('user', '')}]"
            return "front"

        return app


class TestFlaskThatLooksIntoTheSession(TestFlask):
    """``if session:`` and ``in`` ask for no value."""

    def application(self):
        import flask

        app = super().application()

        def greeting():
            if flask.session and "user" in flask.session:
                return f"good day [{flask.session['user']}]"
            return "good day"

        app.view_functions["greeting"] = greeting
        return app


class TestFastApi(PrivacyContract):
    interface = "asgi"
    templates = ("/login/{name}", "/account", "/greeting", "/books/{number}", "/front")

    def application(self):
        from fastapi import Request
        from fastapi.responses import PlainTextResponse

        app = fastapi_app()

        @app.get("/login/{name}")
        def login(name: str, request: Request):
            request.session["user"] = name
            return PlainTextResponse(f"welcome [{name}]")

        @app.get("/account")
        async def account(request: Request):
            return PlainTextResponse(f"account of [{request.session.get('user', '')}]")

        @app.get("/greeting")
        async def greeting(request: Request):
            # Not through the request, which would note it.
            if request.scope["session"]:
                return PlainTextResponse(f"good day [{request.scope['session']['user']}]")
            return PlainTextResponse("good day")

        @app.get("/books/{number}")
        def book(number: int):
            return PlainTextResponse(f"book {number}")

        @app.get("/front")
        async def front(request: Request):
            if int(request.scope["query_string"]) % 2:
                return PlainTextResponse(f"front for [{request.session.get('user', '')}]")
            return PlainTextResponse("front")

        return app


class TestStarlette(PrivacyContract):
    interface = "asgi"
    templates = ("/login/{name}", "/account", "/greeting", "/books/{number:int}", "/front")

    def application(self):
        from starlette.applications import Starlette
        from starlette.middleware import Middleware
        from starlette.middleware.sessions import SessionMiddleware
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route

        def login(request):
            request.session["user"] = request.path_params["name"]
            return PlainTextResponse(f"welcome [{request.path_params['name']}]")

        async def account(request):
            return PlainTextResponse(f"account of [{request.session.get('user', '')}]")

        async def greeting(request):
            if "session" in request.cookies:
                return PlainTextResponse(f"good day [{request.session['user']}]")
            return PlainTextResponse("good day")

        async def book(request):
            return PlainTextResponse(f"book {request.path_params['number']}")

        def front(request):
            if int(request.scope["query_string"]) % 2:
                return PlainTextResponse(f"front for [{request.session.get('user', '')}]")
            return PlainTextResponse("front")

        views = (login, account, greeting, book, front)
        return Starlette(
            routes=[Route(path, view) for path, view in zip(self.templates, views, strict=True)],
            middleware=[Middleware(SessionMiddleware, secret_key="k")],
        )
