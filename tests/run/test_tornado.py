"""Tornado's own server: the same replicas, watched and ended in the same way."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from serving import BOUND, asked, reached, requests_of, second_answer, serving, text, until
from surefoot.errors import ConfigError, ServerError
from surefoot.testing import Receiver
from surefoot.toolbox.stack import Stack
from surefoot.web.entry import apply, plan, worker_settings

TORNADO = """
import asyncio
import os
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

class Index(RequestHandler):
    async def get(self):
        self.write(str(os.getpid()))

class Slow(RequestHandler):
    async def get(self):
        self.write("fin")
        await self.flush()
        await asyncio.sleep(float(self.request.query or 0.7))
        self.write("ished")

class Long(RequestHandler):
    def get(self, number):
        self.set_header("Content-Type", "text/plain")
        self.write("x" * 5000)

class Talk(WebSocketHandler):
    pass

def make_app():
    routes = [("/", Index), ("/slow", Slow), (r"/long/([0-9]+)", Long), ("/ws", Talk)]
    return Application(routes)
"""


@pytest.fixture
def tornado_app(tmp_path):
    (tmp_path / "app.py").write_text(TORNADO)
    return tmp_path


def test_it_is_found_with_its_routes(tornado_app, found):
    application, _ = found(tornado_app)
    assert (application.target, application.interface) == ("app:make_app()", "tornado")
    assert application.framework == application.server.kind == "tornado"
    routes = {(r.method, r.template, r.rule_parameters) for r in application.routes}
    assert ("GET", "/long/<int:arg1>", (("arg1", "int"),)) in routes
    assert len(routes) == 3


def test_debug_mode_is_told(tornado_app, found):
    debugging = TORNADO.replace("Application(routes)", "Application(routes, debug=True)")
    assert not found(tornado_app)[0].debug
    (tornado_app / "app.py").write_text(debugging)
    assert found(tornado_app)[0].debug


def test_it_serves_each_replica_s_own_socket_and_the_front(tornado_app, found, free_port):
    async def act(stack):
        own = [int(await text(replica.address)) for replica in stack.replicas]
        assert own == [replica.pid for replica in stack.replicas]
        seen = set()
        async with asyncio.timeout(BOUND):
            while len(seen) < 2:
                seen.add(int(await text(stack.front)))
        return seen == set(own)

    flags = {"server.replicas": 2}
    assert serving(found, tornado_app, flags, act, listen=f"127.0.0.1:{free_port}")


def test_it_is_started_again_when_it_is_killed(tornado_app, found, free_port):
    async def act(stack):
        replica = stack.replicas[0]
        os.killpg(replica.pid, signal.SIGKILL)
        assert await text(stack.front)
        await until(lambda: replica.restarts == 1 and replica.up_since > 0, "up again")
        return await text(stack.front) == str(replica.pid)

    assert serving(found, tornado_app, {}, act, listen=f"127.0.0.1:{free_port}")


def test_it_finishes_what_is_under_way(tornado_app, found):
    application, settings = found(tornado_app, {})

    async def main():
        async with Stack(application, settings) as stack:
            slow = asyncio.create_task(text(stack.replicas[0].address, "/slow"))
            await asyncio.sleep(0.3)
        return await slow

    assert asyncio.run(main()) == "finished"


def test_while_it_ends_an_open_connection_is_answered_and_told_that_it_closes(tornado_app, found):
    def asking(address):
        with reached(address) as connection:
            connection.auto_open = 0
            told, count = "", 0
            while told != "close":
                connection.request("GET", "/")
                answer = connection.getresponse()
                assert (answer.status, bool(answer.read())) == (200, True)
                told, count = answer.getheader("Connection"), count + 1
            return count

    async def act(stack):
        replica = stack.replicas[0]
        slow = asyncio.create_task(text(replica.address, "/slow?3"))
        await asyncio.sleep(0.3)
        asked = asyncio.create_task(asyncio.to_thread(asking, replica.address))
        await asyncio.sleep(0.3)
        os.kill(replica.pid, signal.SIGTERM)
        return await asked, await slow

    count, slow = serving(found, tornado_app, {}, act)
    assert count > 1
    assert slow == "finished"


def test_what_it_says_is_of_users_requests_only(tornado_app, found):
    async def act(stack):
        replica = stack.replicas[0]
        assert (await asked(replica.address, "/nothing"))[0] == 404

        def said():
            return "\n".join(replica.output.tail(20))

        await until(lambda: "404 GET /nothing" in said(), "said")
        return said()

    assert "OPTIONS" not in serving(found, tornado_app, {}, act)


def test_it_keeps_an_idle_connection_as_configured(tornado_app, found):
    async def act(stack):
        return await asyncio.to_thread(second_answer, stack.replicas[0].address)

    assert serving(found, tornado_app, {}, act).status == 200
    assert serving(found, tornado_app, {"server.keep_alive": 0.0}, act) is None


def test_its_requests_are_recorded(tornado_app, found):
    with Receiver() as receiver:

        async def act(stack):
            await text(stack.replicas[0].address, "/slow")
            await text(stack.replicas[0].address, "/long/5")
            await asyncio.to_thread(receiver.wait, lambda: len(requests_of(receiver)) == 2)
            return stack.replicas[0].pid

        pid = serving(found, tornado_app, {}, act, records=Path(receiver.path), every=True)
    seen = {(r.route, r.status, r.worker) for r in requests_of(receiver)}
    assert seen == {("/slow", 200, pid), ("/long/<int:arg1>", 200, pid)}


def test_a_first_start_that_fails_is_one_error(tornado_app, found):
    (tornado_app / "app.py").write_text(
        TORNADO.replace(
            "    return",
            '    if "SUREFOOT_SETTINGS" in os.environ:\n        raise KeyError(7)\n    return',
        )
    )
    application, settings = found(tornado_app, {})

    async def main():
        async with Stack(application, settings) as stack:
            pytest.fail(f"{stack.replicas} came up")

    with pytest.raises(ServerError, match="KeyError: 7"):
        asyncio.run(main())


@pytest.mark.parametrize(("wanted", "expected"), [(True, "gzip"), (False, None)])
def test_answers_are_compressed_where_that_is_wanted(tornado_app, found, wanted, expected):
    async def act(stack):
        address = stack.replicas[0].address
        _, headers, _ = await asked(address, "/long/1", **{"Accept-Encoding": "gzip"})
        return headers.get("Content-Encoding")

    assert serving(found, tornado_app, {"response.compress": wanted}, act) == expected


def test_answers_cannot_be_kept(tornado_app):
    (tornado_app / "surefoot.toml").write_text(
        '[app]\ntarget = "app:make_app()"\n'
        '[cache]\nurl = "memory://"\n[[cache.response]]\nroute = "GET /"\nttl = "5s"\n'
    )
    planned = plan(worker_settings({}, tornado_app))
    with pytest.raises(ConfigError, match="Tornado application cannot be kept"):
        apply(planned, "tornado")


def test_a_server_of_one_s_own_serves_what_the_file_says(tornado_app, free_port):
    (tornado_app / "surefoot.toml").write_text('[app]\ntarget = "app:make_app()"\n')
    (tornado_app / "serve.py").write_text(f"""
import asyncio
from tornado.httpserver import HTTPServer
from surefoot.web.entry import tornado

async def main():
    HTTPServer(tornado).listen({free_port}, "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(main())
""")
    with subprocess.Popen([sys.executable, "serve.py"], cwd=tornado_app) as process:
        end = time.monotonic() + BOUND
        while True:
            try:
                body = asyncio.run(text(f"127.0.0.1:{free_port}"))
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.05)
        process.terminate()
    assert int(body) == process.pid


def test_a_witness_sees_what_is_kept_between_requests(tornado_app, found, tmp_path):
    (tornado_app / "app.py").write_text(
        TORNADO.replace(
            "self.write(str(os.getpid()))", "counts.append(1)\n        self.write(str(len(counts)))"
        ).replace("class Index", "counts = []\n\nclass Index")
    )
    lines = (tornado_app / "app.py").read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "counts.append" in text)
    seen = tmp_path / "seen"
    seen.mkdir()
    watch = {"lines": {str(tornado_app / "app.py"): [line]}, "functions": {}}
    (seen / "watch.json").write_text(json.dumps(watch))

    async def act(stack):
        return [await text(stack.replicas[0].address) for _ in range(2)]

    assert serving(found, tornado_app, {}, act, witness=str(seen)) == ["1", "2"]
    texts = [path.read_text() for path in seen.glob("*.jsonl")]
    told = [json.loads(each) for text in texts for each in text.splitlines()]
    asked = [each for each in told if each["name"] == "GET /"]
    assert len(asked) >= 2
    assert all([str(tornado_app / "app.py"), line] in each["lines"] for each in asked)
