"""What ``[[cache.response]]`` says is what a server serves, in its own processes."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from serving import asked, requests_of, serving
from surefoot import config
from surefoot.testing import Receiver
from surefoot.web import entry

FLASK = """
import itertools
import flask
runs = itertools.count(1)
app = flask.Flask("shop")
app.secret_key = "k"
@app.get("/books/<int:number>")
def book(number):
    return f"book {number} run {next(runs)} " + "x" * 1000
@app.get("/me")
def me():
    return f"me {flask.session.get('user', 'nobody')} run {next(runs)}"
"""
FASTAPI = """
import itertools
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.middleware.sessions import SessionMiddleware
runs = itertools.count(1)
app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="k")
@app.get("/books/{number}")
def book(number: int):
    return PlainTextResponse(f"book {number} run {next(runs)} " + "x" * 1000)
@app.get("/me")
async def me(request: Request):
    return PlainTextResponse(f"me {request.session.get('user', 'nobody')} run {next(runs)}")
"""
READS = ("get", "mget")
KINDS = {"flask": (FLASK, "<int:number>"), "fastapi": (FASTAPI, "{number}")}


def write(directory, kind, url, more=""):
    code, number = KINDS[kind]
    (directory / "shop.py").write_text(code)
    (directory / "surefoot.toml").write_text(
        f'[app]\ntarget = "shop:app"\n{more}[cache]\nurl = "{url}"\n'
        f'[[cache.response]]\nroute = "GET /books/{number}"\n'
        '[[cache.response]]\nroute = "GET /me"\n'
    )
    return f"/books/{number}"


async def several(address, path, count, **headers):
    return [await asked(address, path, **headers) for _ in range(count)]


@pytest.mark.parametrize("kind", ["flask", "fastapi"])
def test_answers_are_kept_in_the_process_and_hits_are_recorded(tmp_path, found, kind):
    route = write(tmp_path, kind, "memory://")
    with Receiver() as receiver:

        async def act(stack):
            address = stack.replicas[0].address
            bodies = {body[:12] for _, _, body in await several(address, "/books/7", 5)}
            assert bodies == {b"book 7 run 1"}
            mine = [body for _, _, body in await several(address, "/me", 3)]
            assert mine == [f"me nobody run {run}".encode() for run in (2, 3, 4)]
            receiver.wait(lambda: len(requests_of(receiver)) == 8)

        serving(found, tmp_path, {}, act, records=Path(receiver.path), every=True)
        routes = [record.route for record in requests_of(receiver)]
    assert routes.count(route) == 5
    assert routes.count("/me") == 3


@pytest.mark.parametrize("kind", ["flask", "fastapi"])
def test_a_file_is_shared_by_processes_and_holds_compressed_answers(tmp_path, found, kind):
    write(tmp_path, kind, "sqlite:///kept.db", "[response]\ncompress = true\n")

    async def act(stack):
        first, second = (replica.address for replica in stack.replicas)
        packed = {"Accept-Encoding": "gzip"}
        _, headers, body = await asked(first, "/books/7", **packed)
        for address in (first, second, first, second):
            _, again, same = await asked(address, "/books/7", **packed)
            assert same == body
            assert {name.lower() for name in again} >= {"age", "content-encoding", "etag"}
        assert {n.lower(): v for n, v in headers.items()}["content-encoding"] == "gzip"
        _, _, plain = await asked(second, "/books/7")
        assert plain.startswith(b"book 7 run 1 x")

    serving(found, tmp_path, {"server.replicas": 2}, act)
    assert (tmp_path / "kept.db").exists()


@pytest.mark.parametrize("kind", ["flask", "fastapi"])
def test_a_server_is_shared_by_processes_and_does_what_it_is_asked(
    tmp_path, found, kind, redis_server
):
    import redis

    write(tmp_path, kind, f"redis://{redis_server}/{1 if kind == 'flask' else 2}")
    host, _, port = redis_server.partition(":")

    def reads():
        with redis.Redis(host=host, port=int(port)) as client:
            stats = client.info("commandstats")
            return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in READS)

    async def act(stack):
        first, second = (replica.address for replica in stack.replicas)
        before = reads()
        bodies = {(await asked(address, "/books/7"))[2][:12] for address in (first, second) * 3}
        assert bodies == {b"book 7 run 1"}
        assert reads() - before >= 6

    serving(found, tmp_path, {"server.replicas": 2}, act)


def test_only_a_stack_that_users_reach_finds_what_an_earlier_one_kept(tmp_path, found, free_port):
    write(tmp_path, "flask", "sqlite:///kept.db")

    async def act(stack):
        _, headers, _ = await asked(stack.replicas[0].address, "/books/7")
        return "age" in {name.lower() for name in headers}

    front = {"listen": f"127.0.0.1:{free_port}"}
    lives = [serving(found, tmp_path, {}, act, **more) for more in (front, front, {}, {})]
    assert lives == [False, True, False, False]


def test_nothing_is_loaded_where_nothing_is_kept(tmp_path):
    (tmp_path / "app.py").write_text("def app(environ, start_response): ...\n")
    described = config.from_mapping({"app": {"target": "app:app", "directory": str(tmp_path)}})
    told = json.dumps({"config": config.to_mapping(described)})
    program = (
        "import sys; from surefoot.web import entry; entry.wsgi\n"
        "print([n for n in sys.modules if 'http_cache' in n or 'responses' in n or 'stores' in n])"
    )

    async def run():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, cwd=tmp_path, stdout=asyncio.subprocess.PIPE,
            env={entry.VARIABLE: told, "PYTHONPATH": str(Path(entry.__file__).parents[2])},
        )  # fmt: skip
        return (await process.communicate())[0]

    assert asyncio.run(run()).strip() == b"[]"


def test_what_is_kept_is_planned_only_where_something_is(tmp_path):
    (tmp_path / "surefoot.toml").write_text('[app]\ntarget = "a:b"\n[cache]\nurl = "redis://x"\n')
    assert entry.plan(entry.worker_settings({}, tmp_path)).caching is None
    text = '[app]\ntarget = "a:b"\n[cache]\nfingerprinted = ["/static/"]\n'
    (tmp_path / "surefoot.toml").write_text(text)
    planned = entry.plan(entry.worker_settings({}, tmp_path))
    assert planned.caching.fingerprinted == ("/static/",)
