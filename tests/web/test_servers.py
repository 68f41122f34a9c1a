"""Real servers, preloaded and forked, send what their workers did."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from surefoot.testing import Receiver

FLASK = """
import os, threading, time
from pathlib import Path

from surefoot import telemetry

here = str(Path(__file__).parent)
recorder = telemetry.install(telemetry.Options(records={records!r}, code=(here,)))

import flask
import sqlite3

from surefoot.web.wsgi import Recorded

app = flask.Flask(__name__)
lock = threading.Lock()

@app.get("/statements/<int:count>")
def statements(count):
    connection = sqlite3.connect(":memory:")
    for number in range(count):
        connection.execute("select ?", (number,)).fetchall()
    connection.close()
    return "done"

@app.get("/locked")
def locked():
    with lock:
        time.sleep(0.02)
    return "done"

@app.get("/stream")
def stream():
    def parts():
        for part in "abc":
            time.sleep(0.02)
            yield part
    return flask.Response(parts())

wsgi = Recorded(app, recorder)
"""

FASTAPI = """
import asyncio
from pathlib import Path

from surefoot import telemetry

here = str(Path(__file__).parent)
recorder = telemetry.install(telemetry.Options(records={records!r}, code=(here,)))

import fastapi
import sqlite3

from surefoot.web.asgi import Recorded

app = fastapi.FastAPI()

@app.get("/statements/{{count}}")
def statements(count: int):
    connection = sqlite3.connect(":memory:")
    for number in range(count):
        connection.execute("select ?", (number,)).fetchall()
    connection.close()
    return "done"

@app.get("/slow")
async def slow(tasks: fastapi.BackgroundTasks):
    await asyncio.sleep(0.02)
    tasks.add_task(afterwards)
    return "done"

async def afterwards():
    await asyncio.sleep(1)

asgi = Recorded(app, recorder)
"""


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made


def started(command, directory, port):
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=directory, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            fetch(port, "/nothing")
        except OSError:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        else:
            return process
    process.kill()
    pytest.fail(f"no answer on {port}: {process.communicate()[1]}")


def stop(process):
    process.terminate()
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def fetch(port, path):
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def need(module):
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


def test_preloaded_workers_with_threads_record_each_their_own(tmp_path, receiver, free_port):
    need("gunicorn")
    (tmp_path / "shop.py").write_text(FLASK.format(records=receiver.path))
    port = free_port()
    command = ["gunicorn", "shop:wsgi", "--preload", "--workers", "2", "--worker-class", "gthread"]
    command += ["--threads", "4", "--bind", f"127.0.0.1:{port}"]
    process = started(command, tmp_path, port)
    try:
        with ThreadPoolExecutor(8) as threads:
            paths = ["/statements/7"] * 60 + ["/locked"] * 20
            answers = list(threads.map(lambda path: fetch(port, path), paths))
        assert {status for status, _ in answers} == {200}
        assert fetch(port, "/stream") == (200, b"abc")
        receiver.wait(lambda: len(named(receiver)) >= 81)
    finally:
        stop(process)
    receiver.drain()
    counts = Counter(record.route for record in named(receiver))
    assert counts == {"/statements/<int:count>": 60, "/locked": 20, "/stream": 1}
    assert process.pid not in {record.worker for record in receiver.records}
    for record in receiver.records:
        if record.route.startswith("/statements"):
            (spend,) = (s for s in record.spends if s.what == "select ?")
            assert spend.count == 7
            assert spend.site == statement_line(FLASK)
        if record.route == "/stream":
            assert record.wall_ns >= 60e6
    assert sum(stats.dropped + stats.faults for stats in receiver.stats) == 0
    states = Counter()
    for stack in receiver.stacks:
        if stack.route == "GET /locked":
            states[stack.state] += stack.count
    assert states["lock"] > 0
    assert states["wait"] > 0


def test_an_event_loop_server_records_threads_and_tasks_after_the_answer(
    tmp_path, receiver, free_port
):
    need("uvicorn")
    (tmp_path / "shop.py").write_text(FASTAPI.format(records=receiver.path))
    port = free_port()
    command = ["uvicorn", "shop:asgi", "--port", str(port), "--log-level", "warning"]
    process = started(command, tmp_path, port)
    try:
        with ThreadPoolExecutor(8) as threads:
            paths = ["/statements/7", "/slow"] * 20
            answers = list(threads.map(lambda path: fetch(port, path), paths))
        assert {status for status, _ in answers} == {200}
        receiver.wait(lambda: len(named(receiver)) >= 40)
    finally:
        stop(process)
    receiver.drain()
    counts = Counter(record.route for record in named(receiver))
    assert counts == {"/statements/{count}": 20, "/slow": 20}
    for record in receiver.records:
        spends = {str(spend.resource): spend for spend in record.spends}
        if record.route == "/slow":
            assert 15e6 <= record.wall_ns < 1e9
        if record.route == "/statements/{count}":
            assert spends["app.threads"].use_ns > 0
            (spend,) = (s for s in record.spends if s.what == "select ?")
            assert (spend.count, spend.site) == (7, statement_line(FASTAPI))


def statement_line(source):
    lines = source.splitlines()
    return f"shop.py:{next(n for n, line in enumerate(lines, 1) if 'select ?' in line)}"


def named(receiver):
    return [record for record in receiver.records if not record.route.startswith("(")]
