"""`surefoot run` as a person meets it: what it shows, how it ends, and that nobody is left."""

import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

SECONDS = 60


def lines_until(process, words):
    """What it prints, up to the first line with ``words``."""
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return "".join(seen)
    return pytest.fail(f"{words!r} was never printed:\n{''.join(seen)}")


def ended(process):
    output, _ = process.communicate(timeout=SECONDS)
    return process.returncode, output


def nobody_left(surefoot, output=""):
    assert surefoot.left() == []
    assert "Traceback" not in output
    for path in re.findall(r"unix:(\S+)/r\d+\.sock", output):
        assert not Path(path).exists()


def fetch(url):
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        return answer.read().decode()


def test_it_says_what_runs_and_where_and_answers_there(flask_app, surefoot, free_port):
    process = surefoot.start("run", "--replicas", "2", "--threads", "3", "--port", str(free_port))
    shown = lines_until(process, "r2.sock")
    assert f"app:app (flask {__import__('importlib.metadata').metadata.version('flask')})" in shown
    assert f"http://127.0.0.1:{free_port}" in shown
    assert "gunicorn" in shown
    assert "3 threads each" in shown
    assert re.search(r"Python \d\.\d+\.\d+ at ", shown)
    pids = re.findall(r"^  r\d +\d+ +(\d+) +unix:", shown, re.MULTILINE)
    assert len(pids) == 2
    assert {fetch(f"http://127.0.0.1:{free_port}/") for _ in range(10)} <= set(pids)
    process.send_signal(signal.SIGINT)
    code, rest = ended(process)
    assert code == 130
    assert "no process is left" in rest
    nobody_left(surefoot, shown + rest)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 130)])
def test_other_signals_end_it_as_gracefully(flask_app, surefoot, free_port, number, code):
    process = surefoot.start("run", "--port", str(free_port))
    shown = lines_until(process, "r1.sock")
    process.send_signal(number)
    assert ended(process)[0] == code
    nobody_left(surefoot, shown)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay", [n * 0.07 for n in range(1, 16)])
def test_a_signal_at_any_moment_leaves_nobody(flask_app, surefoot, free_port, number, delay):
    process = surefoot.start("run", "--replicas", "2", "--port", str(free_port))
    time.sleep(delay)
    process.send_signal(number)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        # Python itself may lose one while it imports.
        process.send_signal(number)
    code, output = ended(process)
    assert surefoot.left() == []
    # In its first moments Python is not yet there to turn the signal into an end of ours.
    if code in {0, 130}:
        assert "surefoot/toolbox" not in output


def test_a_second_ctrl_c_does_not_wait_for_requests(tmp_path, surefoot, free_port):
    (tmp_path / "app.py").write_text("""
import time
def app(environ, start_response):
    print("asked", flush=True)
    if environ["PATH_INFO"] == "/slow":
        time.sleep(3600)
    start_response("200 OK", [])
    return [b"ok"]
""")
    process = surefoot.start("run", "--port", str(free_port), SUREFOOT_SERVER_GRACEFUL_TIMEOUT="1h")
    lines_until(process, "r1.sock")
    with socket.create_connection(("127.0.0.1", free_port), SECONDS) as slow:
        slow.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        lines_until(process, "asked")
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert ended(process)[0] == 130
    nobody_left(surefoot)


def test_it_stops_by_itself_when_its_time_is_over(flask_app, surefoot, free_port):
    code, output = surefoot.run("run", "--port", str(free_port), "--seconds", "0.5")
    assert code == 0
    nobody_left(surefoot, output)


def test_a_replica_that_dies_is_said_and_started_again(fastapi_app, surefoot, free_port):
    process = surefoot.start("run", "--port", str(free_port))
    lines_until(process, "r1.sock")
    with pytest.raises(OSError, match=r".*"):
        fetch(f"http://127.0.0.1:{free_port}/die")
    shown = lines_until(process, "is up")
    assert "replica r1 died (exit code 9) and is started again" in shown
    assert lines_until(process, "r2.sock").rstrip().endswith("up")
    process.send_signal(signal.SIGTERM)
    code, rest = ended(process)
    assert code == 0
    assert "restarted once" in rest
    nobody_left(surefoot)


def test_a_port_in_use_is_one_error(flask_app, surefoot, free_port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        code, output = surefoot.run("run", "--port", str(free_port))
    assert code == 1
    assert output.startswith(f"surefoot: 127.0.0.1:{free_port} is in use by ")
    assert len(output.splitlines()) == 2
    nobody_left(surefoot)


def test_a_target_that_does_not_import_shows_its_own_traceback(tmp_path, surefoot):
    (tmp_path / "app.py").write_text("def f():\n    raise LookupError('no key')\nf()\napp = 1\n")
    code, output = surefoot.run("run")
    assert code == 1
    assert output.splitlines()[0] == "surefoot: app:app does not import: LookupError: no key"
    assert output.count("Traceback") == 1
    assert not any(half in output for half in ("surefoot/toolbox", "surefoot/web", "surefoot/cli"))
    nobody_left(surefoot)


def test_what_fails_only_in_the_worker_ends_with_its_last_words(tmp_path, surefoot, free_port):
    (tmp_path / "app.py").write_text("""
import os
if "SUREFOOT_SETTINGS" in os.environ:
    raise RuntimeError("only one may run")
def app(environ, start_response): ...
""")
    code, output = surefoot.run("run", "--port", str(free_port))
    assert code == 1
    first = output.splitlines()[0]
    assert first.startswith("surefoot: replica r1 was never ready: ")
    assert first.endswith(": RuntimeError: only one may run")
    assert surefoot.left() == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--port", "8001", "--listen", "127.0.0.1:8002"], 2, "give one of them"),
        (["--replicas", "0"], 2, "server.replicas is 0"),
        (["--listen", "8000"], 2, "balancer.listen"),
        (["--server", "apache"], 2, "server.kind"),
        (["--python", "/no/such/python"], 1, "there is no Python at /no/such/python"),
        (["--directory", "gone"], 1, "there is no directory"),
        (["--env-file", "gone.env"], 2, "gone.env cannot be read"),
        (["gone:app"], 1, "there is no module gone"),
        (["--listen", "192.0.2.1:8000"], 1, "cannot be listened on"),
    ],
)
def test_bad_input_is_one_plain_error(flask_app, surefoot, words, code, said):
    got, output = surefoot.run("run", *words)
    assert got == code, output
    assert said in output
    assert "Traceback" not in output
    nobody_left(surefoot)


def test_help_shows_an_example_and_every_option(tmp_path, surefoot):
    code, output = surefoot.run("run", "--help")
    assert code == 0
    for word in (
        *("--replicas", "--threads", "--server", "--listen", "--port", "--python"),
        *("--directory", "--env-file", "--seconds", "example:\n  surefoot run "),
    ):
        assert word in output


def test_a_reader_that_goes_away_does_not_stop_what_runs(flask_app, surefoot, free_port):
    process = surefoot.start("run", "--port", str(free_port))
    lines_until(process, "r1.sock")
    process.stdout.close()
    # What the application prints when it is started again has nowhere to go.
    for _ in range(2):
        assert fetch(f"http://127.0.0.1:{free_port}/books/1") == "book 1"
        os.kill(int(fetch(f"http://127.0.0.1:{free_port}/")), signal.SIGKILL)
        time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.wait(SECONDS)
    assert surefoot.left() == []


def test_on_a_terminal_there_is_one_table(flask_app, surefoot, free_port):
    pytest.importorskip("rich")
    main, other = pty.openpty()
    environ = {**os.environ, "TEST_MARK": surefoot.mark, "COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "surefoot", "run", "--port", str(free_port), "--seconds", "1"],
        cwd=flask_app,
        env=environ,
        stdin=other,
        stdout=other,
        stderr=other,
    )
    os.close(other)
    shown = b""
    while process.poll() is None or select.select([main], [], [], 0)[0]:
        if select.select([main], [], [], 0.1)[0]:
            try:
                shown += os.read(main, 65536)
            except OSError:
                break
    os.close(main)
    assert process.wait(SECONDS) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert f"http://127.0.0.1:{free_port}" in text
    assert "Ctrl-C stops it" in text
    assert "r1 | flask starts" in text
    assert surefoot.left() == []
