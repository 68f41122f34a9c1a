"""Real servers for the bookshops: the services, both frameworks, SQLite and PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="session", autouse=True)
def _examples_importable():
    sys.path.insert(0, str(EXAMPLES))
    yield
    sys.path.remove(str(EXAMPLES))


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """Short enough for a Unix socket's path, which pytest's own directories are not always."""
    with tempfile.TemporaryDirectory(prefix="sf-") as name:
        yield Path(name)


@contextlib.contextmanager
def started(command: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """A process that is stopped at the end, whatever happens."""
    process = subprocess.Popen(command, text=True, start_new_session=True, **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(15)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture(scope="session")
def services() -> Iterator[dict[str, str]]:
    """The services with waits short enough for tests."""
    waits = [f"--{kind}-wait=0.005" for kind in ("price", "delivery", "stock", "mail")]
    command = [sys.executable, "services.py", "--http-port=0", "--mail-port=0", *waits]
    with started(command, cwd=EXAMPLES, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data file to copy from."""
    path = tmp_path_factory.mktemp("seeded") / "bookshop.sqlite3"
    program = "import sys; from bookshop import storage; storage.prepare(sys.argv[1])"
    command = [sys.executable, "-c", program, f"sqlite:///{path}"]
    subprocess.run(command, cwd=EXAMPLES, check=True, timeout=60)
    return path


@pytest.fixture(scope="session")
def migrated(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with Django's own tables beside the shop's."""
    path = Path(shutil.copy(seeded, tmp_path_factory.mktemp("migrated") / "bookshop.sqlite3"))
    environ = dict(os.environ, DATABASE_URL=f"sqlite:///{path}")
    command = [sys.executable, "-c", "import django_bookshop.wsgi"]
    subprocess.run(command, cwd=EXAMPLES, env=environ, check=True, timeout=60)
    return path


@dataclass(frozen=True)
class Shop:
    """A running bookshop."""

    client: httpx.Client
    process: subprocess.Popen[str]


@pytest.fixture
def open_shop(services: dict[str, str], seeded: Path, migrated: Path, short_directory: Path):
    """Starts a bookshop with data of its own: ``open_shop("flask", "n-plus-one")``."""
    with contextlib.ExitStack() as stack:

        def start(framework: str, faults: str, database_url: str = "") -> Shop:
            directory = Path(tempfile.mkdtemp(dir=short_directory))
            if not database_url:
                data = migrated if framework == "django" else seeded
                database_url = f"sqlite:///{shutil.copy(data, directory / 'data.sqlite3')}"
            environ = dict(
                os.environ,
                BOOKSHOP_FAULTS=faults,
                BOOKSHOP_SERVICES=services["http"],
                BOOKSHOP_MAIL=services["mail"],
                DATABASE_URL=database_url,
            )
            address = directory / "s"
            process = stack.enter_context(
                started(_command(framework, address), cwd=EXAMPLES, env=environ)
            )
            _wait(address, process)
            transport = httpx.HTTPTransport(uds=str(address))
            client = httpx.Client(transport=transport, base_url="http://shop", timeout=20)
            stack.enter_context(client)
            client.get("/").raise_for_status()
            return Shop(client, process)

        yield start


_WSGI = {
    "flask": "flask_bookshop.app:create_app()",
    "pyramid": "pyramid_bookshop.app:create_app()",
    "django": "django_bookshop.wsgi:application",
}


def _command(framework: str, address: Path) -> list[str]:
    if framework in _WSGI:
        return [
            *(sys.executable, "-m", "gunicorn", "--bind", f"unix:{address}", "--threads=4"),
            *("--no-control-socket", "--log-level=warning", _WSGI[framework]),
        ]
    return [
        *(sys.executable, "-m", "uvicorn", "--uds", str(address), "--log-level=warning"),
        *("--factory", "fastapi_bookshop.app:create_app"),
    ]


def _wait(address: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while True:
        # Not the client: its transport leaves the socket of a refused connection open.
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(address))
            except OSError:
                assert process.poll() is None, "the bookshop ended while starting"
                assert time.monotonic() < deadline, "the bookshop does not answer"
                time.sleep(0.05)
            else:
                return


def _postgres_binary(name: str) -> Path:
    places = [shutil.which(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))]
    for place in places:
        if place:
            return Path(place)
    message = f"{name} is missing: apt-get install postgresql"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[str], str]]:
    """A server of its own on a Unix socket; call it with a name for the URL of a new database."""
    initdb, server = _postgres_binary("initdb"), _postgres_binary("postgres")
    with tempfile.TemporaryDirectory(prefix="sf-pg-") as name:
        directory = Path(name)
        # PostgreSQL refuses to run as root.
        owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        user = {"user": owner.pw_uid, "group": owner.pw_gid} if owner else {}
        if owner:
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        data = directory / "data"
        flags = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        create = [str(initdb), "-D", str(data), *flags]
        subprocess.run(create, check=True, timeout=60, cwd=directory, capture_output=True, **user)
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={directory}"]
        command = [str(server), "-D", str(data), *settings, "-c", "fsync=off"]
        with started(command, cwd=directory, stderr=subprocess.DEVNULL, **user):
            yield lambda database: _create(directory, database)


def _create(directory: Path, database: str) -> str:
    import psycopg

    deadline = time.monotonic() + 30
    while True:
        try:
            connection = psycopg.connect(f"host={directory} user=postgres", autocommit=True)
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.1)
        else:
            break
    with contextlib.closing(connection):
        connection.execute(f'create database "{database}"')
    return f"postgresql://postgres@/{database}?host={directory}"
