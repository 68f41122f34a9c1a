"""Databases and migrations as Django, SQLAlchemy and Alembic know them; servers of one's own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from programs import printed
from servers import find_port
from surefoot.health import checks

SOURCE = str(Path(checks.__file__).parents[2])

ASK = """
import asyncio, json, time
from wsgiref.util import setup_testing_defaults
def said(status, body):
    told = json.loads(body)
    errors = {each["name"]: each["error"][:80] for each in told.get("checks", ()) if each["error"]}
    print(status, told["status"], errors)
def ask(app, path="/readyz"):
    environ = {"PATH_INFO": path, "REMOTE_ADDR": "127.0.0.1", "HTTP_ACCEPT": "application/json"}
    setup_testing_defaults(environ)
    got = []
    body = b"".join(app(environ, lambda status, *_: got.append(status[:3])))
    said(got[0], body)
async def ask_async(app, path="/readyz"):
    scope = {"type": "http", "method": "GET", "path": path, "client": ("127.0.0.1", 1)}
    scope |= {"headers": [(b"accept", b"application/json")]}
    got = []
    async def send(message):
        got.append(message)
    await app(scope, None, send)
    said(got[0]["status"], got[1]["body"])
def later():
    "When outcomes are not told again."
    time.sleep(1.05)
"""
DATABASE = '[[health.check]]\nname = "database"\ntimeout = "20s"\n'
MIGRATIONS = '[[health.check]]\nname = "migrations"\nhard = true\ntimeout = "20s"\n'


@pytest.fixture
def run(tmp_path):
    """Runs a program whose application is configured so; returns what it prints."""

    def run(program, configuration="", code=""):
        (tmp_path / "shop.py").write_text(code)
        text = f'[app]\ntarget = "shop:app"\n{configuration}'
        (tmp_path / "surefoot.toml").write_text(text)
        return printed(ASK + program, directory=tmp_path)

    return run


DJANGO = """
import os
from django.conf import settings
settings.configure(
    DEBUG=False, SECRET_KEY="x", ROOT_URLCONF="shop", USE_TZ=True, ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"},
               "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["OTHER"]}},
)
urlpatterns = []
from django.core.wsgi import get_wsgi_application
app = get_wsgi_application()
"""


def test_databases_of_django(run, tmp_path, monkeypatch):
    monkeypatch.setenv("OTHER", str(tmp_path / "other.db"))
    program = """
from surefoot.web.entry import wsgi
ask(wsgi)
from django.db import connections
# What a check opened is closed: nothing of its thread's is left open.
print([str(path) for path in __import__("pathlib").Path("/proc/self/fd").iterdir()
       if str(path.resolve()).endswith(".db")])
connections.databases["other"]["NAME"] = "/nowhere/shop.db"
later()
ask(wsgi)
"""
    assert run(program, DATABASE, DJANGO) == [
        "200 ok {}",
        "[]",
        "200 degraded {'database': 'OperationalError: unable to open database file'}",
    ]


def test_migrations_of_django(run, monkeypatch):
    monkeypatch.setenv("OTHER", ":memory:")
    program = """
from surefoot.web.entry import wsgi
ask(wsgi)
ask(wsgi, "/startupz")
from django.core.management import call_command
call_command("migrate", verbosity=0)
later()
ask(wsgi)
# A later release may do to the database what it likes.
call_command("migrate", "auth", "zero", verbosity=0)
later()
ask(wsgi)
"""
    first, starting, then, still = run(program, MIGRATIONS, DJANGO)
    assert first.startswith(
        "503 failed {'migrations': 'RuntimeError: not applied: contenttypes.0001"
    )
    assert starting.startswith("503 starting")
    assert then == still == "200 ok {}"


SQLALCHEMY = """
import sqlalchemy
engine = sqlalchemy.create_engine({url!r}, pool_size=2)
app = lambda environ, start_response: []
"""


def test_engines_of_sqlalchemy(run, postgres):
    url = postgres.replace("postgresql", "postgresql+psycopg", 1)
    program = f"""
from surefoot.web.entry import wsgi
ask(wsgi)
import shop, sqlalchemy
print(shop.engine.pool.checkedout(), shop.engine.pool.checkedin())
other = sqlalchemy.create_engine("postgresql+psycopg2://shop:S3cr3t@127.0.0.1:{find_port()}/x")
later()
ask(wsgi)
"""
    code = SQLALCHEMY.format(url=url)
    well, pool, ill = run(program, DATABASE, code)
    assert well == "200 ok {}"
    assert pool == "0 1"
    assert ill.startswith("200 degraded {'database': 'OperationalError: ")
    assert "S3cr3t" not in ill


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_asynchronous_engines_of_sqlalchemy(run, postgres, driver):
    url = postgres.replace("postgresql", f"postgresql+{driver}", 1)
    code = f"""
from sqlalchemy.ext.asyncio import create_async_engine
engine = create_async_engine({url!r}, pool_size=2)
async def app(scope, receive, send): ...
"""
    program = """
from surefoot.web.entry import asgi
import shop
async def main():
    await ask_async(asgi)
    print(shop.engine.pool.checkedout(), shop.engine.pool.checkedin())
    await shop.engine.dispose()
asyncio.run(main())
"""
    assert run(program, DATABASE, code) == ["200 ok {}", "0 1"]


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_an_application_that_its_own_server_imports(run, interface):
    app = {
        "wsgi": "lambda environ, start_response: start_response('204 No Content', []) or []",
        "asgi": "None",
    }[interface]
    program = f"""
from surefoot import health
from surefoot.web import own
@health.check("mine", hard=False)
def mine():
    return False
app = own.{interface}({app})
{"ask(app)" if interface == "wsgi" else "asyncio.run(ask_async(app))"}
"""
    assert run(program) == ["200 degraded {'mine': 'it returned False'}"]


def test_with_an_empty_prefix_nothing_of_it_is_loaded(run):
    program = """
import sys
from surefoot.web.entry import wsgi
print(wsgi.__module__)
print([name for name in sys.modules if name.startswith(("surefoot.health", "surefoot.web.health"))])
"""
    code = "def app(environ, start_response): ..."
    assert run(program, '[health]\nprefix = ""\n', code) == ["shop", "[]"]


def test_a_check_that_cannot_be_made_stops_the_server_with_one_line(tmp_path):
    (tmp_path / "surefoot.toml").write_text(
        '[app]\ntarget = "shop:app"\n[[health.check]]\nname = "broker"\nurl_env = "BROKER_URL"\n'
    )
    (tmp_path / "shop.py").write_text("def app(environ, start_response): ...")
    done = subprocess.run(
        [sys.executable, "-c", "from surefoot.web.entry import wsgi"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr == "surefoot: [[health.check]] broker: BROKER_URL is not set\n"


# --- Alembic --------------------------------------------------------------------------------------

ENV = """
from alembic import context
import sqlalchemy
engine = sqlalchemy.create_engine("sqlite:///shop.db")
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
revision = "{0}"
down_revision = {1!r}
def upgrade(): ...
"""


@pytest.fixture(scope="session")
def alembic(environment):
    return environment("alembic", "alembic>=1.13,<2")


def test_migrations_of_alembic(alembic, tmp_path):
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (tmp_path / "migrations" / "env.py").write_text(ENV)
    (versions / "one.py").write_text(REVISION.format("one", None))
    (versions / "two.py").write_text(REVISION.format("two", "one"))
    (tmp_path / "shop.py").write_text(SQLALCHEMY.format(url="sqlite:///shop.db"))
    (tmp_path / "surefoot.toml").write_text(f'[app]\ntarget = "shop:app"\n{MIGRATIONS}')

    def run(program):
        done = subprocess.run(
            [alembic, "-c", ASK + program], cwd=tmp_path, env=os.environ | {"PYTHONPATH": SOURCE},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    program = """
from surefoot.web.entry import wsgi
from alembic.config import main
ask(wsgi)
main(["-q", "upgrade", "one"])
later()
ask(wsgi)
main(["-q", "upgrade", "head"])
later()
ask(wsgi)
"""
    missing = "503 failed {'migrations': 'RuntimeError: not applied: two'}"
    assert run(program) == [missing, missing, "200 ok {}"]
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("update alembic_version set version_num = 'of a later release'")
    connection.close()
    assert run("from surefoot.web.entry import wsgi\nask(wsgi)") == ["200 ok {}"]
