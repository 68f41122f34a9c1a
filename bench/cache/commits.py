"""Does a reader that raced a commit ever put the old value back? Ten thousand commits say.

    python bench/cache/commits.py                      # Redis, Memcached and SQLite
    python bench/cache/commits.py redis --commits 1000
    python bench/cache/commits.py redis --postgresql   # the row lies in PostgreSQL, not in SQLite
    python bench/cache/commits.py --django             # the same through Django, not SQLAlchemy

One process changes a row of a database and commits, with the invalidation after the commit; three
others read the row through the cache all the while. A reader notes which change was invalidated
last before it asks, and must not be given an older one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import mmap
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "support"))

from servers import (  # noqa: E402 - found only now
    MemcachedServer,
    RedisServer,
    find_port,
    need,
    wait_until_listening,
)

READERS = 3
ROW = "create table only_row (n integer); insert into only_row values (0)"
BEGINNING = """
import json, mmap, struct, sys, time

url, database, page, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
file = open(page, "r+b")
shared = mmap.mmap(file.fileno(), 8)
last = lambda: struct.unpack_from("<Q", shared)[0]
"""
SQLALCHEMY = """
import sqlalchemy as sa
from sqlalchemy.orm import Session
from surefoot.cache import Cache

engine = sa.create_engine(
    database.replace("postgresql:", "postgresql+psycopg:"),
    connect_args={"timeout": 30} if database.startswith("sqlite") else {},
)
cache = Cache.from_url(url, name="commits")


def select():
    with engine.connect() as connection:
        return connection.execute(sa.text("select n from only_row")).scalar_one()


def ask():
    return cache.get_or_compute("row", read, ttl=60, tags=["row"])


def change(number, forget):
    with Session(engine) as session, cache.after_commit(session):
        session.execute(sa.text("update only_row set n = :n"), {"n": number})
        forget()
        session.commit()
"""
DJANGO = """
from urllib.parse import urlsplit

import django
from django.conf import settings

parts = urlsplit(database)
settings.configure(
    SECRET_KEY="of this benchmark alone",
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": parts.path[1:], "OPTIONS": {"timeout": 30},
    } if parts.scheme == "sqlite" else {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": parts.username,
        "HOST": parts.hostname, "PORT": parts.port, "CONN_MAX_AGE": None,
    }},
    CACHES={"default": {"BACKEND": "surefoot.web.django.Cache", "LOCATION": url}},
)
django.setup()
from django.core.cache import cache
from django.db import connection, transaction


def select():
    with connection.cursor() as cursor:
        cursor.execute("select n from only_row")
        return cursor.fetchone()[0]


def ask():
    return cache.get_or_set("row", read, 60, tags=["row"])


def change(number, forget):
    with transaction.atomic(), cache.after_commit():
        with connection.cursor() as cursor:
            cursor.execute("update only_row set n = %s", [number])
        forget()
"""
READER = """
made = 0


def read():
    global made
    made += 1
    return select()


asked = old = 0
print("ready", flush=True)
while (before := last()) < count:
    value = ask()
    asked += 1
    old += value < before
print(json.dumps([asked, made, old]))
cache.close()
"""
WRITER = """
for number in range(1, count + 1):
    if number % 2:
        change(number, lambda: cache.invalidate(tags=["row"]))
    else:
        change(number, lambda: cache.delete("row"))
    struct.pack_into("<Q", shared, 0, number)
cache.close()
"""


@contextlib.contextmanager
def store(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty store."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/cache.db"
        return
    with RedisServer() if kind == "redis" else MemcachedServer() as server:
        yield server.url


@contextlib.contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """The URL of a file with the row."""
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as database:
        database.execute("pragma journal_mode=wal").fetchall()
        database.executescript(ROW)
    yield f"sqlite:///{folder}/shop.db"


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The URL of a server with the row; what is committed is synced to disk."""
    import psycopg

    server, initdb = need("postgres", "postgresql"), need("initdb", "postgresql")
    user: list[str] = []
    if os.geteuid() == 0:
        # It refuses to run as root.
        user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        shutil.chown(folder, "nobody", "nogroup")
    data, port = folder / "data", find_port()
    command = [*user, initdb, "-D", str(data), "-U", "bench", "-A", "trust", "-E", "UTF8"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
    command = [*user, server, "-D", str(data), "-k", "", "-h", "127.0.0.1", "-p", str(port)]
    url = f"postgresql://bench@127.0.0.1:{port}/postgres"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd="/") as process:
        try:
            wait_until_listening(port, process)
            time.sleep(1)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(ROW)
            yield url
        finally:
            process.terminate()


def row(kind: str, commits: int, common: str, database: Callable[[Path], Any]) -> None:
    """One store."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shop = stack.enter_context(tempfile.TemporaryDirectory())
        page = folder / "page"
        page.write_bytes(struct.pack("<Q", 0))
        words = [
            stack.enter_context(store(kind, folder)),
            stack.enter_context(database(Path(shop))),
            str(page),
            str(commits),
        ]
        readers = [
            subprocess.Popen(
                [sys.executable, "-c", common + READER, *words], stdout=subprocess.PIPE, text=True
            )
            for _ in range(READERS)
        ]
        try:
            for reader in readers:
                assert reader.stdout is not None
                assert reader.stdout.readline() == "ready\n"
            subprocess.run([sys.executable, "-c", common + WRITER, *words], check=True)
            told = [json.loads(reader.communicate(timeout=60)[0]) for reader in readers]
        finally:
            with page.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
                struct.pack_into("<Q", shared, 0, 2**62)
            for reader in readers:
                reader.kill()
                reader.communicate()
    asked, made, old = (sum(column) for column in zip(*told, strict=True))
    print(f"{kind:<10} {commits} commits, {asked} reads, {made} of the row: {old} old", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stores", nargs="*", default=["redis", "memcached", "sqlite"])
    parser.add_argument("--commits", type=int, default=10_000)
    parser.add_argument("--django", action="store_true", help="through Django, not SQLAlchemy")
    parser.add_argument("--postgresql", action="store_true", help="not SQLite, as the database")
    args = parser.parse_args()
    common = BEGINNING + (DJANGO if args.django else SQLALCHEMY)
    for kind in args.stores:
        row(kind, args.commits, common, postgresql if args.postgresql else sqlite)


if __name__ == "__main__":
    main()
