"""Does a reader that raced a commit ever put the old value back? Ten thousand commits say.

    python bench/cache/commits.py                      # Redis, Memcached and SQLite: two minutes
    python bench/cache/commits.py redis --commits 1000

One process changes a row of a database and commits, with the invalidation after the commit; three
others read the row through the cache all the while. A reader notes which change was invalidated
last before it asks, and must not be given an older one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import mmap
import sqlite3
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "support"))

from servers import MemcachedServer, RedisServer  # noqa: E402 - found only now

READERS = 3
COMMON = """
import json, mmap, struct, sys, time
import sqlalchemy as sa
from sqlalchemy.orm import Session
from surefoot.cache import Cache

url, database, page, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
engine = sa.create_engine(f"sqlite:///{database}", connect_args={"timeout": 30})
sa.event.listen(engine, "connect", lambda c, _: c.execute("pragma journal_mode=wal"))
file = open(page, "r+b")
shared = mmap.mmap(file.fileno(), 8)
cache = Cache.from_url(url, name="commits")
last = lambda: struct.unpack_from("<Q", shared)[0]
"""
READER = """
made = 0


def read():
    global made
    made += 1
    with engine.connect() as connection:
        return connection.execute(sa.text("select n from row")).scalar_one()


asked = old = 0
print("ready", flush=True)
while (before := last()) < count:
    value = cache.get_or_compute("row", read, ttl=60, tags=["row"])
    asked += 1
    old += value < before
print(json.dumps([asked, made, old]))
cache.close()
"""
WRITER = """
for number in range(1, count + 1):
    with Session(engine) as session, cache.after_commit(session):
        session.execute(sa.text("update row set n = :n"), {"n": number})
        if number % 2:
            cache.invalidate(tags=["row"])
        else:
            cache.delete("row")
        session.commit()
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


def row(kind: str, commits: int) -> None:
    """One store."""
    with tempfile.TemporaryDirectory() as name, store(kind, Path(name)) as url:
        folder = Path(name)
        with contextlib.closing(sqlite3.connect(folder / "shop.db")) as database:
            database.executescript("create table row (n integer); insert into row values (0)")
        page = folder / "page"
        page.write_bytes(struct.pack("<Q", 0))
        words = [url, str(folder / "shop.db"), str(page), str(commits)]
        readers = [
            subprocess.Popen(
                [sys.executable, "-c", COMMON + READER, *words], stdout=subprocess.PIPE, text=True
            )
            for _ in range(READERS)
        ]
        try:
            for reader in readers:
                assert reader.stdout is not None
                assert reader.stdout.readline() == "ready\n"
            subprocess.run([sys.executable, "-c", COMMON + WRITER, *words], check=True)
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
    args = parser.parse_args()
    for kind in args.stores:
        row(kind, args.commits)


if __name__ == "__main__":
    main()
