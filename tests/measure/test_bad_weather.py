import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEALTHY = """
import flask
app = flask.Flask(__name__)

@app.get("/")
def index():
    return "<a href='/books/1'>one</a>"

@app.get("/books/<int:book>")
def book(book):
    return ("", 404) if book > 40 else f"book {book}"
"""

DYING = """
import os, flask
app = flask.Flask(__name__)
count = 0

@app.get("/")
def index():
    global count
    count += 1
    if count > 40:
        os._exit(7)
    return "fine"
"""

SLOW = """
import time, flask
app = flask.Flask(__name__)

@app.get("/")
def index():
    return "fine"

@app.get("/slow")
def slow():
    time.sleep(0.25)
    return "at last"
"""


def status(code):
    return f"""
import flask
app = flask.Flask(__name__)

@app.get("/")
def index():
    return "", {code}, {{"Location": "/elsewhere"}}
"""


@pytest.mark.parametrize("code", [404, 429, 302, 403, 500])
def test_answers_that_mean_nothing_are_refused(surefoot, application, code):
    application(status(code))
    run = surefoot("measure")
    assert run.code == 1
    assert f"100% of the answers were {code}" in run.err
    assert "do:" in run.err
    assert run.result is None
    assert not surefoot.wait_until_nobody_is_left()


def test_an_application_that_does_not_import_says_so_in_its_own_words(surefoot, application):
    application("import flask\nraise RuntimeError('no such shelf')\n")
    run = surefoot("measure")
    assert run.code == 1
    assert "RuntimeError: no such shelf" in run.err
    assert "shop.py" in run.err


def test_an_application_that_dies_under_load_ends_the_run(surefoot, application):
    application(DYING)
    run = surefoot("measure")
    assert run.code in {1, 3}
    assert "dies" in run.err or "connection failures" in run.err
    assert not surefoot.wait_until_nobody_is_left()


def test_a_route_too_slow_even_alone_is_named_and_the_rest_judged(surefoot, application):
    application(SLOW, "/", "/", "/", "/slow")
    run = surefoot("measure", "--seconds", "4", "--slo", "200ms")
    assert run.code == 0, run.err
    assert any("GET /slow misses the SLO even alone" in note for note in run.result["notes"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.0, 0.5, 2.0, 5.0])
def test_interrupting_at_any_moment_leaves_no_process(surefoot, application, number, after):
    application(HEALTHY)
    with surefoot.start("measure", "--json", "out.json") as process:
        wait_until_it_listens(process)
        time.sleep(after)
        process.send_signal(number)
        _, complained = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in complained
    assert not surefoot.wait_until_nobody_is_left()


def test_interrupting_the_search_writes_what_was_measured(surefoot, application):
    directory = application(HEALTHY)
    terminal, theirs = pty.openpty()
    words = ("measure", "--seconds", "60", "--json", "out.json")
    with surefoot.start(*words, stderr=theirs) as process, os.fdopen(terminal, "rb", 0) as shown:
        os.close(theirs)
        progress = b""
        while b" requests/s for " not in progress:
            progress += shown.read(4096)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in said
    assert '"interrupted": true' in (directory / "out.json").read_text()


def test_a_report_that_cannot_be_written_is_one_clear_line(surefoot, application):
    application(HEALTHY)
    run = surefoot("measure", "--html", "nowhere/report.html")
    assert run.code == 1
    assert "nowhere/report.html cannot be written: there is no directory nowhere" in run.err
    assert "do:" in run.err
    # It is said before anything is started.
    assert "replica" not in run.err


def test_without_a_workload_the_applications_own_pages_are_asked_for(surefoot, application):
    directory = application(HEALTHY)
    (directory / "surefoot.toml").write_text('[app]\ntarget = "shop:app"\n')
    run = surefoot("workload", "--output", "found.toml")
    assert run.code == 0, run.err
    text = (directory / "found.toml").read_text()
    assert 'path = "/"' in text
    assert 'path = "/books/{1..40}"' in text
    again = surefoot("workload", "--output", "found.toml")
    assert again.code == 2
    assert "--force" in again.err


def test_a_black_box_is_measured_from_outside(surefoot, application, free_port):
    directory = application(HEALTHY)
    server = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{free_port}", "shop:app"]
    with subprocess.Popen(
        [*server, "--no-control-socket"],
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(free_port)
            (directory / "surefoot.toml").unlink()
            run = surefoot("measure", "--url", f"http://127.0.0.1:{free_port}/", "--seconds", "4")
        finally:
            process.terminate()
    assert run.code in {0, 3}, run.err
    assert run.result["interface"] == "url"
    assert run.result["resources"][0]["name"] == "host.cpu"
    assert run.result["resources"][0]["demand_ms"] > 0
    assert any("from outside" in note for note in run.result["notes"])


def test_another_host_is_not_loaded_unasked(surefoot):
    run = surefoot("measure", "--url", "http://192.0.2.1:8000/")
    assert run.code == 2
    assert "--i-own-this-host" in run.err


@pytest.fixture
def free_port():
    for port in range(23_000 + os.getpid() % 4000, 32_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("no port is free")


def wait_until_it_listens(process):
    """Before its own code runs a signal is answered by the interpreter that starts."""
    status = Path(f"/proc/{process.pid}/status")
    end = time.monotonic() + 20
    while status.exists() and time.monotonic() < end:
        caught = next(x for x in status.read_text().splitlines() if x.startswith("SigCgt"))
        if int(caught.split()[1], 16) >> signal.SIGTERM - 1 & 1:
            return
        time.sleep(0.01)


def wait_for(port):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the server did not start")
