"""An application that reads its database URL from the environment, and copies of its data."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from surefoot import config
from surefoot.toolbox.data import copies
from surefoot.toolbox.interpreter import Interpreter
from surefoot.toolbox.server_package import ServerPackage
from surefoot.toolbox.target import Application


@pytest.fixture(autouse=True)
def _temporary_copies(tmp_path, monkeypatch):
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))


@pytest.fixture
def project(tmp_path):
    """Makes settings from the text of a configuration, and an application with an environment."""
    home = tmp_path / "app"
    home.mkdir()

    def make(text: str = "", **environment: str):
        (home / "surefoot.toml").write_text(text)
        settings = config.load(home, environ={})
        interpreter = Interpreter(Path("/usr/bin/python3"), (3, 11, 0), "", "")
        application = Application(
            target="shop:app",
            interface="wsgi",
            framework="",
            framework_version="",
            interpreter=interpreter,
            server=ServerPackage("gunicorn", "23.0.0", ()),
            directory=home,
            code=(str(home), "shop"),
            routes=(),
            appended=(),
            environment=environment,
        )
        return application, settings

    return make


@pytest.fixture
def copied():
    """Runs a function while copies exist, and returns what it returns."""

    def run(project, work, labels=("base", "variant")):
        async def main():
            async with copies(*project, labels) as data:
                found = work(data)
                return await found if asyncio.iscoroutine(found) else found

        return asyncio.run(main())

    return run


@pytest.fixture
def shop(tmp_path):
    """A SQLite database with a book in it, in the application's directory."""
    path = tmp_path / "app" / "shop.db"
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE books (title TEXT)")
        database.execute("INSERT INTO books VALUES ('one')")
    return path


@pytest.fixture
def source(postgres):
    """URL of a fresh PostgreSQL database with a book in it."""
    name = f"shop {uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        url = postgres.rpartition("/")[0] + "/" + name.replace(" ", "%20")
        with psycopg.connect(url) as database:
            database.execute("CREATE TABLE books (title TEXT)")
            database.execute("INSERT INTO books VALUES ('one')")
        yield url
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def databases(postgres):
    """A function that lists the copies on the server."""

    def names():
        with psycopg.connect(postgres) as server:
            found = server.execute("SELECT datname FROM pg_database").fetchall()
        return sorted(name for (name,) in found if name.startswith("surefoot_"))

    return names
