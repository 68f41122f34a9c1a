"""What levers set is what runs: servers, processes, pools, the collector, compression."""

import asyncio
import contextlib
import gzip
import http.client
import json
import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from surefoot.errors import ConfigError, InterpreterError, ServerError
from surefoot.testing import Receiver
from surefoot.toolbox.interpreter import Interpreter
from surefoot.toolbox.load import Generator
from surefoot.toolbox.load.reading import read_workload
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.measure.sizes import sizes
from surefoot.toolbox.measure.subject import started
from surefoot.toolbox.server_package import server_package
from surefoot.toolbox.stack import Stack

BOUND = 30.0


def ask(address, path="/", **headers):
    """Status, headers and body of one answer, over TCP or a Unix socket."""
    connection = http.client.HTTPConnection("localhost", timeout=BOUND)
    if address.startswith("unix:"):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(BOUND)
        connection.sock.connect(address.removeprefix("unix:"))
    else:
        connection.host, port = address.rsplit(":", 1)
        connection.port = int(port)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Connection": "close", **headers})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


async def asked(address, path="/", **headers):
    return await asyncio.to_thread(ask, address, path, **headers)


async def text(address, path="/"):
    return (await asked(address, path))[2].decode()


async def until(condition, what):
    async with asyncio.timeout(BOUND):
        while not condition():  # noqa: ASYNC110 - conditions of other processes
            await asyncio.sleep(0.02)
    return what


def serving(found, directory, flags, act, **more):
    """Run ``act(stack)`` while the application of a directory is served."""
    application, settings = found(directory, flags)

    async def main():
        async with Stack(application, settings, **more) as stack:
            result = await act(stack)
        assert not stack.left_over()
        return result

    return asyncio.run(main())


GRANIAN = {"server.kind": "granian"}


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

    serving(found, tmp_path, GRANIAN | {"server.graceful_timeout": "500ms"}, act)


def test_granian_keeps_an_idle_connection_as_long_as_configured(tmp_path, found):
    (tmp_path / "app.py").write_text(FORKED)

    def second(path):
        """What a second request on a connection gets."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(BOUND)
            connection.connect(str(path))
            for _ in range(2):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = b""
                while b"\r\n\r\n" not in answer:
                    part = connection.recv(4096)
                    if not part:
                        return b""
                    answer += part
            return answer

    def answered(path):
        try:
            return second(path)
        except (BrokenPipeError, ConnectionResetError):
            return b""

    async def act(stack):
        return await asyncio.to_thread(answered, stack.replicas[0].socket)

    assert serving(found, tmp_path, GRANIAN, act).startswith(b"HTTP/1.1 200")
    assert serving(found, tmp_path, GRANIAN | {"server.keep_alive": 0.0}, act) == b""


@pytest.mark.parametrize("kind", ["flask_app", "fastapi_app"])
def test_granian_s_workers_send_telemetry(request, found, tmp_path, kind):
    with Receiver() as receiver:

        async def act(stack):
            await text(stack.replicas[0].address)
            await asyncio.to_thread(receiver.wait, lambda: named(receiver))
            return stack.replicas[0].pid

        pid = serving(
            found, request.getfixturevalue(kind), GRANIAN, act,
            records=Path(receiver.path), every=True,
        )  # fmt: skip
    assert {(r.route, r.worker) for r in named(receiver)} == {("/", pid)}


def named(receiver):
    return [record for record in receiver.records if record.method == "GET"]


def test_gunicorn_does_not_serve_asgi_and_uvicorn_no_wsgi(flask_app, found):
    with pytest.raises(ConfigError, match="uvicorn does not serve WSGI"):
        found(flask_app, {"server.kind": "uvicorn"})


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


def test_several_workers_are_gunicorn_s_alone(flask_app, fastapi_app, found):
    for kind in ("granian", "uvicorn"):
        with pytest.raises(ConfigError, match=f"{kind} runs one process in each replica"):
            found(fastapi_app, {"server.kind": kind, "server.workers": 2})


FORKED = """
import os
imported_in = os.getpid()
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{imported_in} {os.getpid()}".encode()]
"""


def test_workers_are_forked_after_one_import_and_each_tells_of_itself(tmp_path, found):
    (tmp_path / "app.py").write_text(FORKED)
    with Receiver() as receiver:

        async def act(stack):
            replica = stack.replicas[0]
            await until(lambda: len(replica.workers()) == 3, "all forked")
            seen = set()
            async with asyncio.timeout(BOUND):
                while len(seen) < 3:
                    seen |= {await text(replica.address) for _ in range(10)}
            told = {int(body.split()[1]) for body in seen}
            assert {int(body.split()[0]) for body in seen} == {replica.pid}
            assert told == replica.workers()
            await asyncio.to_thread(
                receiver.wait, lambda: {record.worker for record in named(receiver)} >= told
            )

        serving(
            found, tmp_path, {"server.workers": 3}, act,
            records=Path(receiver.path), every=True,
        )  # fmt: skip


def test_any_of_several_workers_that_dies_is_counted(tmp_path, found):
    (tmp_path / "app.py").write_text(FORKED)

    async def act(stack):
        replica = stack.replicas[0]
        await until(lambda: len(replica.workers()) == 2, "both forked")
        await asyncio.sleep(1.5)  # for the keeper to have seen both
        before = replica.workers()
        os.kill(max(before), signal.SIGKILL)
        await until(lambda: replica.restarts == 1, "counted")
        after = replica.workers()
        assert len(after) == 2
        assert min(before) in after
        os.kill(min(after), signal.SIGKILL)
        await until(lambda: replica.restarts == 2, "counted again")
        assert await text(replica.address)

    serving(found, tmp_path, {"server.workers": 2}, act)


COLLECTED = """
import gc, json, os
parent = os.getppid()
def app(environ, start_response):
    told = json.dumps([gc.get_freeze_count(), gc.get_threshold()[0]]).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [told]
"""


@pytest.mark.parametrize("flags", [{}, {"server.workers": 2}, {"server.kind": "granian"}])
def test_the_collector_leaves_what_was_imported_alone(tmp_path, found, flags):
    (tmp_path / "app.py").write_text(COLLECTED)

    async def act(stack):
        return json.loads(await text(stack.replicas[0].address))

    frozen, youngest = serving(found, tmp_path, {"server.gc_freeze": True, **flags}, act)
    assert frozen > 10_000
    assert youngest == 50_000
    assert serving(found, tmp_path, dict(flags), act)[0] < frozen / 2


LONG = """
import flask
app = flask.Flask(__name__)

@app.get("/long")
def long():
    answer = flask.jsonify([{"number": number, "name": "a name"} for number in range(500)])
    answer.set_etag("abc")
    return answer

@app.get("/stream")
def stream():
    return flask.Response((f"line {n}, " * 20 for n in range(200)), mimetype="text/plain")

@app.get("/file")
def file():
    return flask.send_file("long.txt")
"""
LONG_ASGI = """
import fastapi
from fastapi.responses import FileResponse, StreamingResponse
app = fastapi.FastAPI()

@app.get("/long")
async def long(response: fastapi.Response):
    response.headers["etag"] = '"abc"'
    return [{"number": number, "name": "a name"} for number in range(500)]

@app.get("/stream")
async def stream():
    return StreamingResponse((f"line {n}, " * 20 for n in range(200)), media_type="text/plain")

@app.get("/file")
async def file():
    return FileResponse("long.txt")
"""


@pytest.mark.parametrize(
    ("source", "kind"),
    [(LONG, "gunicorn"), (LONG, "granian"), (LONG_ASGI, "uvicorn"), (LONG_ASGI, "granian")],
    ids=["gunicorn", "granian-wsgi", "uvicorn", "granian-asgi"],
)
def test_every_server_sends_what_was_compressed(tmp_path, found, source, kind):
    (tmp_path / "app.py").write_text(source)
    (tmp_path / "long.txt").write_text("some text, and again: " * 200)
    flags = {"server.kind": kind, "response.compress": True}
    accepting = {"Accept-Encoding": "gzip, deflate"}

    async def act(stack):
        address = stack.replicas[0].address
        for path in ("/long", "/stream", "/file"):
            plain = await asked(address, path)
            packed = await asked(address, path, **accepting)
            assert plain[0] == packed[0] == 200
            sent = {name.lower(): value for name, value in packed[1].items()}
            assert "content-encoding" not in {name.lower() for name in plain[1]}
            if (path, kind, source) == ("/file", "granian", LONG_ASGI):
                # It is told the file's path and sends it by itself.
                assert packed[2] == plain[2]
                continue
            assert sent["content-encoding"] == "gzip", path
            assert gzip.decompress(packed[2]) == plain[2]
            assert len(packed[2]) < len(plain[2])
            if path == "/long":
                assert sent["etag"] == 'W/"abc"'
                assert int(sent["content-length"]) == len(packed[2])

    with Receiver() as receiver:
        serving(found, tmp_path, flags, act, records=Path(receiver.path), every=True)
        receiver.drain()
    assert {record.route for record in named(receiver)} == {"/long", "/stream", "/file"}


RUBBISH = """
import gc, json
class Ring:
    def __init__(self):
        self.me = self
def app(environ, start_response):
    for _ in range(2000):
        Ring()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([{"number": n, "name": "a name"} for n in range(300)]).encode()]
"""


def test_a_probe_tells_of_the_collector_of_memory_and_of_sizes(tmp_path, found):
    (tmp_path / "app.py").write_text(RUBBISH)
    (tmp_path / "load.toml").write_text('[[request]]\nmethod = "GET"\npath = "/"\n')
    application, settings = found(tmp_path)
    workload = read_workload(tmp_path / "load.toml")

    async def main():
        stop = asyncio.Event()
        async with started(application, settings) as subject:
            weighed = await sizes(workload, subject.addresses, stop)
            async with Generator(workload, subject.addresses) as generator:
                return weighed, await Bench(subject, generator).probe(1, 1.2, stop)

    (plain, packed), seen = asyncio.run(main())
    assert plain > 9000
    assert plain / packed > 3
    assert 0.001 < seen.collecting < seen.seconds
    assert seen.memory > 5_000_000


POOLED = """
import os
import flask
import sqlalchemy
from sqlalchemy.pool import NullPool, QueuePool
from flask import request
app = flask.Flask(__name__)
url = os.environ["SHOP_URL"]
engine = sqlalchemy.create_engine(url)
told = sqlalchemy.create_engine(url, pool_size=3, max_overflow=7)
none = sqlalchemy.create_engine(url, poolclass=NullPool)
memory = sqlalchemy.create_engine("sqlite://")
other = sqlalchemy.engine_from_config({"sqlalchemy.url": "sqlite:///other.db"})

@app.get("/")
def index():
    sizes = {}
    for name in ("engine", "told", "other"):
        pool = globals()[name].pool
        assert isinstance(pool, QueuePool)
        sizes[name] = [pool.size(), pool._max_overflow]
    for name in ("none", "memory"):
        sizes[name] = type(globals()[name].pool).__name__
    held = [engine.connect() for _ in range(5)]
    try:
        engine.pool._timeout = 0.05
        engine.connect()
        sizes["sixth"] = True
    except sqlalchemy.exc.TimeoutError:
        sizes["sixth"] = False
    for connection in held:
        connection.close()
    return sizes
"""


def test_sqlalchemy_s_pools_have_the_size_that_is_configured(tmp_path, found, postgres):
    (tmp_path / "app.py").write_text(POOLED)
    flags = {"database.default.pool_size": 5, "database.other.pool_size": 2}
    told = postgres.replace("postgresql:", "postgresql+psycopg:")

    def told_found(directory, flags):
        return found(directory, flags, SHOP_URL=told)

    async def act(stack):
        return json.loads(await text(stack.replicas[0].address))

    with Receiver() as receiver:
        for more in ({}, {"records": Path(receiver.path), "every": True}):
            seen = serving(told_found, tmp_path, flags, act, **more)
            assert seen["engine"] == seen["told"] == [5, 0]
            assert seen["other"] == [2, 0]
            assert (seen["none"], seen["memory"]) == ("NullPool", "SingletonThreadPool")
            assert seen["sixth"] is False
        receiver.wait(lambda: bool(receiver.stats))
    assert serving(told_found, tmp_path, {}, act)["told"] == [3, 7]


POOLED_ASGI = """
import os
import fastapi
import psycopg_pool
from sqlalchemy.ext.asyncio import create_async_engine
app = fastapi.FastAPI()
url = os.environ["SHOP_URL"]
engine = create_async_engine(url.replace("postgresql:", "postgresql+psycopg:"))
sqlite = create_async_engine("sqlite+aiosqlite:///a.db", pool_size=9)
pool = psycopg_pool.ConnectionPool(url, open=False)
apool = psycopg_pool.AsyncConnectionPool(url, min_size=2, max_size=20, open=False)
null = psycopg_pool.NullConnectionPool(url, open=False, max_size=11)

@app.get("/")
async def index():
    async with engine.connect() as connection:
        await connection.exec_driver_sql("select 1")
    return {
        "engine": [engine.pool.size(), engine.pool._max_overflow],
        "sqlite": [sqlite.pool.size(), sqlite.pool._max_overflow],
        "pool": [pool.min_size, pool.max_size],
        "apool": [apool.min_size, apool.max_size],
        "null": [null.min_size, null.max_size],
    }
"""


def test_pools_of_asynchronous_engines_and_of_psycopg_have_it_too(tmp_path, found, postgres):
    (tmp_path / "app.py").write_text(POOLED_ASGI)

    def told_found(directory, flags):
        return found(directory, flags, SHOP_URL=postgres)

    async def act(stack):
        return json.loads(await text(stack.replicas[0].address))

    seen = serving(told_found, tmp_path, {"database.default.pool_size": 3}, act)
    assert seen == {
        "engine": [3, 0], "sqlite": [3, 0], "pool": [3, 3], "apool": [2, 3], "null": [0, 11],
    }  # fmt: skip


def test_nothing_is_loaded_for_what_is_not_configured(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import sys
def app(environ, start_response):
    loaded = [name for name in sys.modules if name.startswith("surefoot.")]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [" ".join(loaded).encode()]
""")

    async def act(stack):
        return await text(stack.replicas[0].address)

    loaded = serving(found, tmp_path, {}, act).split()
    assert "surefoot.web.entry" in loaded
    for name in ("pools", "compression", "frozen", "witness"):
        assert f"surefoot.web.{name}" not in loaded
    assert "surefoot.telemetry" not in loaded
    assert sys.version_info >= (3, 11)
