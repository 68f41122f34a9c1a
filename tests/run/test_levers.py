"""What levers set is what runs: processes, pools, the collector, compression."""

import asyncio
import gzip
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from serving import BOUND, asked, requests_of, serving, text, until
from surefoot.errors import ConfigError
from surefoot.testing import Receiver
from surefoot.toolbox.load import Generator
from surefoot.toolbox.load.reading import read_workload
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.measure.sizes import sizes
from surefoot.toolbox.measure.subject import started


def test_gunicorn_does_not_serve_asgi_and_uvicorn_no_wsgi(flask_app, found):
    with pytest.raises(ConfigError, match="uvicorn does not serve WSGI"):
        found(flask_app, {"server.kind": "uvicorn"})


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
                receiver.wait, lambda: {record.worker for record in requests_of(receiver)} >= told
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
    assert {record.route for record in requests_of(receiver)} == {"/long", "/stream", "/file"}


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


COPYING = """
import os
import flask
from surefoot.cache import Cache
from surefoot.cache.registry import totals
app = flask.Flask(__name__)
cache = Cache.from_url(os.environ["STORE"], name="copying")
own = Cache.from_url(os.environ["STORE"], name="own", local="1MB")
memory = Cache.from_url("memory://", name="memory")

@app.get("/")
def index():
    cache.get_or_compute("k", lambda: 1, ttl=60)
    rooms = [each.local and each.local.table.max_bytes for each in (cache, own, memory)]
    return {"rooms": rooms, "hits": sum(t.hits for t in totals() if t.tier == "local")}
"""


def test_caches_that_do_not_say_have_the_copies_that_are_configured(tmp_path, found):
    (tmp_path / "app.py").write_text(COPYING)

    def found_here(directory, flags):
        return found(directory, flags, STORE=f"sqlite:///{tmp_path}/cache.db")

    async def act(stack):
        for _ in range(5):
            seen = json.loads(await text(stack.replicas[0].address))
        return seen

    seen = serving(found_here, tmp_path, {"cache.local": "2MB"}, act)
    assert seen["rooms"] == [2_000_000, 1_000_000, None]
    assert seen["hits"] > 0
    assert serving(found_here, tmp_path, {}, act)["rooms"] == [None, 1_000_000, None]


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
import asyncpg
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
fast = asyncpg.create_pool(url)

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
        "fast": [fast.get_min_size(), fast.get_max_size()],
    }
"""


def test_pools_of_asynchronous_engines_and_of_drivers_have_it_too(tmp_path, found, postgres):
    (tmp_path / "app.py").write_text(POOLED_ASGI)

    def told_found(directory, flags):
        return found(directory, flags, SHOP_URL=postgres)

    async def act(stack):
        return json.loads(await text(stack.replicas[0].address))

    seen = serving(told_found, tmp_path, {"database.default.pool_size": 3}, act)
    assert seen == {
        "engine": [3, 0], "sqlite": [3, 0], "pool": [3, 3], "apool": [2, 3], "null": [0, 11],
        "fast": [3, 3],
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
