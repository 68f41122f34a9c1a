"""Tornado keeps the adapters' contract; its expressions become templates."""

from __future__ import annotations

import asyncio
import logging
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burning import burn, in_pool, in_thread
from surefoot.telemetry import Options, Recorder
from surefoot.testing import AdapterContract, Receiver
from surefoot.testing.tornado import ask as ask_tornado
from surefoot.web.tornado import Recorded
from surefoot.web.tornado.framework import TORNADO, _template


class TestTornado(AdapterContract):
    interface = "tornado"
    templates = MappingProxyType(
        {
            "/items/3": "/items/<int:arg1>",
            "/named/blue/4": "/named/<colour>/<int:number>",
            "/mounted/inner/7": "/mounted/inner/<number>",
            "/inside/5": "/inside/<int:arg1>",
            "/robots.txt": "/robots.txt",
        }
    )

    @pytest.fixture(autouse=True)
    def silent(self, caplog, tmp_path):
        caplog.set_level(logging.CRITICAL)
        self.folder = tmp_path
        (tmp_path / "robots.txt").write_text("none")

    def application(self):
        from tornado.routing import PathMatches, Rule, RuleRouter
        from tornado.web import Application, RequestHandler
        from tornado.websocket import WebSocketHandler

        contract = self

        class Item(RequestHandler):
            async def get(self, *parts, **named):
                self.write("".join(parts or named.values()))

        class Burning(RequestHandler):
            async def get(self):
                await asyncio.sleep(0)
                burn()

        class BurningPlainly(RequestHandler):
            def get(self):
                burn()
                self.write("burnt")

        class Asking(RequestHandler):
            async def get(self, how=None):
                {
                    None: contract.ask,
                    "thread": lambda: in_thread(contract.ask),
                    "pool": lambda: in_pool(contract.ask),
                }[how]()

        class Stream(RequestHandler):
            async def get(self):
                self.write("a")
                await self.flush()
                self.write("b")
                await self.flush()
                contract.ask()
                self.write("c")

        class Fail(RequestHandler):
            async def get(self):
                raise RuntimeError("on purpose")

        class Talk(WebSocketHandler):
            def open(self):
                self.write_message("hello")
                self.close()

        routes = [
            (r"/items/([0-9]+)", Item),
            (r"/named/(?P<colour>\w+)/(?P<number>\d+)/?", Item),
            (r"/burn", Burning),
            (r"/burn/other", BurningPlainly),
            (r"/ask", Asking),
            (r"/ask/(\w+)", Asking),
            (r"/stream", Stream),
            (r"/fail", Fail),
            (r"/ws", Talk),
        ]
        app = Application(routes, static_path=str(self.folder))
        inner = [(r"/mounted/inner/(?P<number>[^/]+)", Item)]
        # A rule may lead to a router, to further rules, and to another application.
        app.wildcard_router.add_rules([Rule(PathMatches("/mounted/.*"), RuleRouter([]))])
        app.wildcard_router.add_rules([Rule(PathMatches("/mounted/.*"), inner)])
        other = Application([(r"/inside/(\d+)", Item)])
        app.wildcard_router.add_rules([Rule(PathMatches("/inside/.*"), other)])
        return app

    def test_its_routes_are_listed_with_methods_and_kinds(self):
        found = {
            (each["method"], each["template"]): each for each in TORNADO.routes(self.application())
        }
        assert found["GET", "/items/<int:arg1>"]["parameters"] == [["arg1", "int"]]
        assert found["GET", "/mounted/inner/<number>"]["endpoint"] == "Item"
        assert found["GET", "/static/<path:arg1>"]["parameters"] == [["arg1", "path"]]
        assert ("POST", "/items/<int:arg1>") not in found
        assert ("GET", "/ws") not in found


@pytest.mark.filterwarnings("ignore:Possible nested set")
@given(st.lists(st.sampled_from(["/", "a", "(", ")", "[", "]", "\\d+", "(?P<x>", "?", "."])))
def test_any_expression_becomes_some_template(parts):
    assert _template("".join(parts)).startswith("/")


@pytest.fixture
def recorded():
    """Asks an application with these handlers; returns the records."""
    from tornado.web import Application

    with Receiver() as receiver:
        recorder = Recorder(Options(records=receiver.path, sample_hz=0))

        def ask(paths, routes, **settings):
            ask_tornado(Recorded(Application(routes, **settings), recorder), paths, {})
            return receiver.wait_for_records(len(paths))

        yield ask
        recorder.close()


def test_work_behind_the_answer_is_cpu_and_no_time(recorded):
    from tornado.web import RequestHandler

    class Index(RequestHandler):
        async def get(self):
            await self.finish("sent")
            burn()

    (record,) = recorded(["/"], [("/", Index)])
    assert record.cpu_ns >= 30e6
    assert record.wall_ns < record.cpu_ns


def test_what_a_handler_says_is_its_status_and_its_rule_stays(recorded, caplog):
    from tornado.web import HTTPError, RequestHandler

    caplog.set_level(logging.CRITICAL)

    class Missing(RequestHandler):
        def prepare(self):
            raise HTTPError(404)

    class Nothing(RequestHandler):
        def get(self):
            self.set_status(404)

    routes = [(r"/books/([0-9]+)", Missing)]
    records = recorded(["/books/3", "/else"], routes, default_handler_class=Nothing)
    assert {(record.route, record.status) for record in records} == {
        ("/books/<int:arg1>", 404),
        ("(unmatched)", 404),
    }


def test_an_application_that_nobody_surrounds_is_served_as_before(recorded):
    from tornado.web import Application, RequestHandler

    class Index(RequestHandler):
        def get(self):
            self.write("plain")

    (record,) = recorded(["/"], [("/", Index)])
    assert record.route == "/"
    assert ask_tornado(Application([("/", Index)]), ["/"], {}) == [(200, b"plain")]
