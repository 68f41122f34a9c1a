"""Applications in directories of their own, free ports, and who is left when all is over."""

import os
import random
import shutil
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from hypothesis import settings

from surefoot import config
from surefoot.toolbox.target import find_application

settings.register_profile("surefoot", deadline=None)
settings.load_profile("surefoot")

FLASK = """
import os
import flask
app = flask.Flask(__name__)
print("flask starts", flush=True)

@app.get("/")
def index():
    return f"{os.getpid()}"

@app.get("/books/<int:book>")
def book(book):
    return f"book {book}"

@app.get("/die")
def die():
    os._exit(9)
"""

FASTAPI = """
import os
import fastapi
app = fastapi.FastAPI()

@app.get("/")
async def index(request: fastapi.Request):
    return {"pid": os.getpid(), "host": request.client.host}

@app.get("/die")
async def die():
    os._exit(9)
"""

WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"wsgi"]
"""


@pytest.fixture
def flask_app(tmp_path):
    (tmp_path / "app.py").write_text(FLASK)
    return tmp_path


@pytest.fixture
def fastapi_app(tmp_path):
    (tmp_path / "app.py").write_text(FASTAPI)
    return tmp_path


@pytest.fixture
def wsgi_app(tmp_path):
    (tmp_path / "app.py").write_text(WSGI)
    return tmp_path


@pytest.fixture
def found():
    """Find the application of a directory: ``found(directory, {"server.threads": 2})``."""

    def find(directory, flags=(), **environ):
        told = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | environ
        loaded = config.load(directory, environ=told, flags=dict(flags))
        return find_application(loaded, told), loaded

    return find


@pytest.fixture
def free_port():
    """A port below those that outgoing connections are given."""
    for _ in range(200):
        port = random.randrange(12_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    pytest.fail("no free port")


class Surefoot:
    """Runs the command line, and finds every process that descends from it."""

    def __init__(self, directory):
        self.mark = uuid.uuid4().hex
        self.directory = directory
        self.started = []

    def start(self, *words, **environ):
        process = subprocess.Popen(
            [sys.executable, "-m", "surefoot", *words],
            cwd=self.directory,
            env={**os.environ, "TEST_MARK": self.mark, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *words, timeout=60, **environ):
        process = self.start(*words, **environ)
        output, _ = process.communicate(timeout=timeout)
        return process.returncode, output

    def left(self):
        """Living processes that carry the mark."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                carries = self.mark.encode() in (entry / "environ").read_bytes()
                if carries and state not in "ZX":
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


@pytest.fixture
def surefoot(tmp_path):
    runner = Surefoot(tmp_path)
    yield runner
    for process in runner.started:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(40)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.fixture(scope="session")
def other_python():
    """A Python of another minor version; skipped where there is none."""
    names = [f"python3.{minor}" for minor in (13, 12, 11) if minor != sys.version_info.minor]
    for name in names:
        places = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{name[6:]}.*/bin/python"))
        found = str(places[-1]) if places else shutil.which(name)
        if found:
            return found
    return pytest.skip(f"there is none of {', '.join(names)} (apt install {names[0]})")
