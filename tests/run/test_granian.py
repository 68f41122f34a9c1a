"""granian in place of gunicorn and uvicorn: the same replicas, watched in the same way."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from serving import BOUND, alive, requests_of, second_answer, serving, text, until
from surefoot.errors import InterpreterError, ServerError
from surefoot.testing import Receiver
from surefoot.toolbox.interpreter import Interpreter
from surefoot.toolbox.server_package import server_package
from surefoot.toolbox.stack import Stack

GRANIAN = {"server.kind": "granian"}
FORKED = """
import os
imported_in = os.getpid()
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{imported_in} {os.getpid()}".encode()]
"""


@pytest.mark.parametrize("kind", ["flask_app", "fastapi_app"])
def test_granian_serves_each_replica_s_own_socket_and_the_front(request, found, free_port, kind):
    async def act(stack):
        own = [await text(replica.address) for replica in stack.replicas]
        for body, replica in zip(own, stack.replicas, strict=True):
            assert str(replica.worker()) in body
            assert replica.workers() == frozenset({replica.pid})
        seen = set()
        async with asyncio.timeout(BOUND):
            while len(seen) < 2:
                seen.add(json.loads(await text(stack.front))["pid"] if kind == "fastapi_app"
                         else int(await text(stack.front)))  # fmt: skip
        assert seen == {replica.pid for replica in stack.replicas}
        return own

    application = request.getfixturevalue(kind)
    own = serving(
        found, application, GRANIAN | {"server.replicas": 2}, act, listen=f"127.0.0.1:{free_port}"
    )
    if kind == "fastapi_app":
        assert {json.loads(body)["host"] for body in own} == {"127.0.0.1"}


@pytest.mark.parametrize("kind", ["flask_app", "fastapi_app"])
def test_granian_is_started_again_when_it_is_killed(request, found, free_port, kind):
    async def act(stack):
        replica = stack.replicas[0]
        os.killpg(replica.pid, signal.SIGKILL)
        assert await text(stack.front)
        await until(lambda: replica.restarts == 1 and replica.up_since > 0, "up again")
        assert str(replica.worker()) in await text(stack.front)

    serving(
        found, request.getfixturevalue(kind), GRANIAN, act, listen=f"127.0.0.1:{free_port}"
    )  # fmt: skip


def test_granian_works_on_as_many_requests_as_there_are_threads(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import threading, time
inside, most, lock = 0, 0, threading.Lock()
def app(environ, start_response):
    global inside, most
    with lock:
        inside += 1
        most = max(most, inside)
    time.sleep(0.1)
    with lock:
        inside -= 1
    start_response("200 OK", [("Content-Length", str(len(str(most))))])
    return [str(most).encode()]
""")

    async def act(stack):
        address = stack.replicas[0].address
        await asyncio.gather(*[text(address) for _ in range(12)])
        return int(await text(address))

    assert serving(found, tmp_path, GRANIAN | {"server.threads": 3}, act) == 3


def test_granian_finishes_what_is_under_way_and_is_told_of_an_asgi_lifespan(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import asyncio, pathlib
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            pathlib.Path(message["type"]).touch()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/slow":
        await asyncio.sleep(0.7)
    assert isinstance(scope["client"][1], int)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"finished"})
""")

    async def act(stack):
        slow = asyncio.create_task(text(stack.replicas[0].address, "/slow"))
        await asyncio.sleep(0.3)
        return slow

    async def whole(stack):
        return await act(stack)

    application, settings = found(tmp_path, GRANIAN)

    async def main():
        async with Stack(application, settings) as stack:
            slow = await whole(stack)
        return await slow

    assert asyncio.run(main()) == "finished"
    assert (tmp_path / "lifespan.startup").exists()
    assert (tmp_path / "lifespan.shutdown").exists()


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("raise RuntimeError('no database')", "RuntimeError: no database"),
        ("os._exit(3)", "last words"),
        ("raise SystemExit", "last words"),
    ],
)
@pytest.mark.parametrize("arguments", ["environ, start_response", "scope, receive, send"])
def test_a_first_start_of_granian_that_fails_is_one_error(tmp_path, found, death, words, arguments):
    (tmp_path / "app.py").write_text(f"""
import os
print("last words", flush=True)
if "SUREFOOT_SETTINGS" in os.environ:
    {death}
def app({arguments}): ...
""")
    application, settings = found(tmp_path, GRANIAN)

    async def main():
        async with Stack(application, settings) as stack:
            pytest.fail(f"{stack.replicas} came up")

    with pytest.raises(ServerError) as caught:
        asyncio.run(main())
    assert words in caught.value.message


def test_granian_that_does_not_end_is_killed_after_the_grace(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import time
def app(environ, start_response):
    if environ["PATH_INFO"] == "/stuck":
        time.sleep(3600)
    start_response("200 OK", [])
    return [b"ok"]
""")

    async def act(stack):
        stuck = asyncio.create_task(text(stack.replicas[0].address, "/stuck"))
        await asyncio.sleep(0.3)
        stuck.cancel()
        return stack.replicas[0].pids()

    pids = serving(found, tmp_path, GRANIAN | {"server.graceful_timeout": "500ms"}, act)
    assert pids
    assert not [pid for pid in pids if alive(pid)]


def test_granian_keeps_an_idle_connection_as_long_as_configured(tmp_path, found):
    (tmp_path / "app.py").write_text(FORKED)

    async def act(stack):
        return await asyncio.to_thread(second_answer, stack.replicas[0].address)

    assert serving(found, tmp_path, GRANIAN, act).status == 200
    assert serving(found, tmp_path, GRANIAN | {"server.keep_alive": 0.0}, act) is None


@pytest.mark.parametrize("kind", ["flask_app", "fastapi_app"])
def test_granian_s_workers_send_telemetry(request, found, tmp_path, kind):
    with Receiver() as receiver:

        async def act(stack):
            await text(stack.replicas[0].address)
            await asyncio.to_thread(receiver.wait, lambda: requests_of(receiver))
            return stack.replicas[0].pid

        pid = serving(
            found, request.getfixturevalue(kind), GRANIAN, act,
            records=Path(receiver.path), every=True,
        )  # fmt: skip
    assert {(r.route, r.worker) for r in requests_of(receiver)} == {("/", pid)}


@pytest.mark.parametrize(("version", "fits"), [("2.8.7", True), ("2.7.9", False), ("3.0.0", False)])
def test_granian_of_another_version_is_refused_before_it_is_started(version, fits):
    interpreter = Interpreter(Path(sys.executable), (3, 11, 0), "cpython-311", "--python")

    def wanted():
        return server_package("wsgi", "granian", {"granian": version}, interpreter, os.environ)

    if fits:
        assert str(wanted()) == f"granian {version}"
        return
    with pytest.raises(InterpreterError, match=re.escape(f"has granian {version}")) as caught:
        wanted()
    assert "granian==2.8.*" in caught.value.do
