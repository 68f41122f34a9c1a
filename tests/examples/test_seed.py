"""The bookshop's data: the same bytes each time, made once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PREPARE = "import sys; from bookshop import storage; storage.prepare(sys.argv[1])"


def test_rows_are_the_same_on_every_python():
    from bookshop import seed

    digest = hashlib.sha256()
    for name, columns, rows in seed.tables():
        digest.update(json.dumps([name, columns, rows]).encode())
    assert digest.hexdigest() == "624e4149af83b37dcf42a772e77f42e8db9cb23a2c2e0193d8cddc0f6a7cb91e"


def test_workers_that_start_together_make_one_file_with_the_same_bytes(tmp_path, seeded):
    path = tmp_path / "new" / "bookshop.sqlite3"
    command = [sys.executable, "-c", PREPARE, f"sqlite:///{path}"]
    workers = [subprocess.Popen(command, cwd=EXAMPLES) for _ in range(4)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0, 0]
    names = sorted(entry.name for entry in path.parent.iterdir())
    assert names == ["bookshop.sqlite3", "bookshop.sqlite3.lock"]
    assert path.read_bytes() == seeded.read_bytes()


def test_there_are_twenty_thousand_books_whose_neighbours_have_different_authors(seeded):
    with closing(sqlite3.connect(f"file:{seeded}?mode=ro", uri=True)) as connection:
        authors = [row[0] for row in connection.execute("select author_id from book order by id")]
    assert len(authors) == 20_000
    assert all(len(set(authors[page : page + 40])) == 40 for page in range(0, 20_000, 40))


def test_the_search_without_its_index_reads_the_table_and_with_it_does_not(seeded):
    with closing(sqlite3.connect(f"file:{seeded}?mode=ro", uri=True)) as connection:
        plans = {
            column: connection.execute(
                f"explain query plan select * from book where {column} = 'silent river'"
            ).fetchall()[0][3]
            for column in ("title_key", "title_indexed")
        }
    assert plans["title_key"].startswith("SCAN")
    assert plans["title_indexed"].startswith("SEARCH")
