"""Starlette below middleware, behind hosts and mounts; and what it does after the answer."""

from __future__ import annotations

import asyncio
from types import MappingProxyType

import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Host, Mount, Route, WebSocketRoute

from burning import burn, in_pool, in_thread
from surefoot.telemetry import Options, Recorder
from surefoot.testing import AdapterContract, Receiver
from surefoot.web.asgi import Recorded
from surefoot.web.starlette import STARLETTE


class Passing:
    """Middleware of plain ASGI, which changes nothing."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def sending(message):
            await send(message)

        await self.app(scope, receive, sending)


class Based(BaseHTTPMiddleware):
    """Middleware that runs what is below it in a task of its own."""

    async def dispatch(self, request, call_next):
        return await call_next(request)


async def item(request):
    return PlainTextResponse(str(request.path_params["number"]))


INNER = [Route("/inner/{number}", item)]


class TestStarlette(AdapterContract):
    interface = "asgi"
    layers = ()
    templates = MappingProxyType(
        {
            "/items/3": "/items/{number:int}",
            "/mounted/inner/7": "/mounted/inner/{number}",
            "/tenants/blue/inner/7": "/tenants/{tenant}/inner/{number}",
        }
    )

    def mounts(self):
        return [
            Mount("/mounted", app=Starlette(routes=INNER)),
            Mount("/tenants/{tenant}", routes=INNER),
        ]

    def application(self):
        async def burning(request):
            burn()
            return PlainTextResponse("burnt")

        def burning_in_a_thread(request):
            burn()
            return PlainTextResponse("burnt")

        async def asking(request):
            {
                "": self.ask,
                "thread": lambda: in_thread(self.ask),
                "pool": lambda: in_pool(self.ask),
            }[request.path_params.get("how", "")]()
            return PlainTextResponse("asked")

        async def stream(request):
            async def parts():
                yield "a"
                yield "b"
                self.ask()
                yield "c"

            return StreamingResponse(parts())

        async def fail(request):
            raise RuntimeError("on purpose")

        async def talk(websocket):
            await websocket.accept()
            await websocket.send_text("hello")
            await websocket.close()

        return Starlette(
            routes=[
                Route("/items/{number:int}", item),
                Route("/burn", burning),
                Route("/burn/other", burning_in_a_thread),
                Route("/ask", asking),
                Route("/ask/{how}", asking),
                Route("/stream", stream),
                Route("/fail", fail),
                WebSocketRoute("/ws", talk),
                *self.mounts(),
            ],
            middleware=[Middleware(layer) for layer in self.layers],
        )


class TestStarletteUnderMiddleware(TestStarlette):
    layers = (Based, Passing, Based)
    templates = MappingProxyType(
        {
            "/items/3": "/items/{number:int}",
            "/mounted/inner/7": "/mounted/inner/{number}",
            "/eu/shops/9/inner/7": "/{region}/shops/{shop}/inner/{number}",
        }
    )

    def mounts(self):
        shops = Starlette(routes=[Mount("/{shop}", routes=INNER)], middleware=[Middleware(Based)])
        return [
            Mount("/mounted", app=Passing(Starlette(routes=INNER))),
            Mount("/{region}/shops", app=shops),
        ]


async def get(application, path, headers):
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get(path, headers=headers)).status_code == 200


@pytest.fixture
def recorded():
    """Sends one request to an application; returns its record."""
    with Receiver() as receiver:
        recorder = Recorder(Options(records=receiver.path, sample_hz=0))

        def ask(application, path, **headers):
            asyncio.run(get(Recorded(application, recorder), path, headers))
            (record,) = receiver.wait_for_records(1)
            return record

        yield ask
        recorder.close()


def test_routes_behind_a_host_have_their_own_templates(recorded):
    shop = Starlette(routes=[Route("/items/{number}", item)])
    application = Starlette(routes=[Host("{name}.example.org", app=shop)])
    assert recorded(application, "/items/3", host="blue.example.org").route == "/items/{number}"
    listed = {each["template"] for each in STARLETTE.routes(application)}
    assert listed == {"/items/{number}"}


@pytest.mark.parametrize("layers", [(), (Passing,), (Based,)])
def test_work_after_the_answer_is_cpu_and_no_time(recorded, layers):
    async def afterwards():
        burn()
        await asyncio.sleep(0.05)
        burn()

    async def answer(request):
        return PlainTextResponse("sent", background=BackgroundTask(afterwards))

    application = Starlette(
        routes=[Route("/", answer)], middleware=[Middleware(layer) for layer in layers]
    )
    record = recorded(application, "/")
    assert record.route == "/"
    assert record.cpu_ns >= 60e6
    # Less than what the task computes, which is all that happens after the last byte.
    assert record.wall_ns < record.cpu_ns
