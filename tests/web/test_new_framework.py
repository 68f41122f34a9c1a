"""A framework that Surefoot does not know is one value in one file, and one contract to keep."""

from __future__ import annotations

import asyncio
from types import MappingProxyType

import pytest

from bottle_framework import BOTTLE
from burning import burn, in_pool, in_thread
from surefoot.testing import AdapterContract
from surefoot.web import frameworks
from surefoot.web.application import framework_object


class TestBottle(AdapterContract):
    interface = "wsgi"
    framework = BOTTLE
    templates = MappingProxyType(
        {"/items/3": "/items/<number:int>", "/mounted/inner/7": "/mounted/inner/<number>"}
    )

    @pytest.fixture(autouse=True)
    def known(self):
        before, known = list(frameworks.known), frameworks.known
        yield
        known[:] = before
        frameworks.matchers.cache_clear()

    def application(self):
        import bottle

        app, inner = bottle.Bottle(), bottle.Bottle()

        @app.get("/items/<number:int>")
        def item(number):
            return str(number)

        @app.get("/burn")
        def burning():
            burn()
            return "burnt"

        @app.get("/burn/other")
        def burning_in_a_loop():
            async def work():
                await asyncio.sleep(0)
                burn()

            asyncio.run(work())
            return "burnt"

        @app.get("/ask")
        @app.get("/ask/<how>")
        def ask(how=""):
            {
                "": self.ask,
                "thread": lambda: in_thread(self.ask),
                "pool": lambda: in_pool(self.ask),
            }[how]()
            return "asked"

        @app.get("/stream")
        def stream():
            yield "a"
            yield "b"
            self.ask()
            yield "c"

        @app.get("/fail")
        def fail():
            bottle.response.status = 500
            raise RuntimeError("on purpose")

        @inner.get("/inner/<number>")
        def inside(number):
            return number

        app.mount("/mounted/", inner)
        return app

    def test_it_is_recognised_and_its_routes_are_listed(self):
        frameworks.register(BOTTLE)
        application = self.application()
        framework, found = framework_object(application)
        assert framework is BOTTLE
        assert found is application
        listed = {each["template"]: each["parameters"] for each in framework.routes(found)}
        assert listed["/items/<number:int>"] == [["number", "int"]]
