"""SQLite: every side has a file of its own, whole even while somebody writes."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from surefoot.errors import DataError
from surefoot.toolbox.data import sqlite
from surefoot.toolbox.data.url import Url

CONFIG = '[data]\nurl_env = "DATABASE_URL"\n'


def file_of(data, label):
    return Url(data.environment(label)["DATABASE_URL"]).file(Path("/nowhere"))


def titles(path):
    with closing(sqlite3.connect(path)) as database:
        return [title for (title,) in database.execute("SELECT title FROM books ORDER BY title")]


def write(path, title):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO books VALUES (?)", [title])


def copies_left():
    return list(Path(tempfile.gettempdir()).glob("surefoot-data-*"))


@pytest.mark.parametrize(
    "url", ["sqlite:///shop.db", "sqlite+aiosqlite:///./shop.db?timeout=5", "shop.db"]
)
def test_each_side_writes_to_a_file_of_its_own(project, copied, shop, url):
    def work(data):
        base, variant = (file_of(data, label) for label in ("base", "variant"))
        write(base, "of the base")
        assert titles(base) == ["of the base", "one"]
        assert titles(variant) == titles(shop) == ["one"]
        assert data.writable
        assert data.size == shop.stat().st_size
        assert any("only the database is copied" in note for note in data.notes)
        scheme = Url(url).scheme
        assert Url(data.environment("base")["DATABASE_URL"]).scheme == scheme

    copied(project(CONFIG, DATABASE_URL=url), work)
    assert copies_left() == []


def test_what_is_committed_to_the_write_ahead_log_is_copied_and_what_is_not_is_not(
    project, copied, shop
):
    with closing(sqlite3.connect(shop)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("INSERT INTO books VALUES ('committed')")
        database.commit()
        database.execute("INSERT INTO books VALUES ('open')")
        assert shop.with_name("shop.db-wal").stat().st_size > 0

        def work(data):
            write(file_of(data, "base"), "while another writes to the source")
            return titles(file_of(data, "variant"))

        found = copied(project(CONFIG, DATABASE_URL="sqlite:///shop.db"), work)
        assert found == ["committed", "one"]
        database.rollback()


def test_a_reset_brings_back_the_state_that_all_began_with(project, copied, shop):
    async def work(data):
        path = file_of(data, "base")
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("INSERT INTO books VALUES ('two')")
        write(shop, "meanwhile")
        await data.reset("base")
        assert file_of(data, "base") == path
        return titles(path)

    assert copied(project(CONFIG, DATABASE_URL="sqlite:///shop.db"), work) == ["one"]


def test_a_file_locked_for_good_is_given_up(project, copied, shop, monkeypatch):
    monkeypatch.setattr(sqlite, "_WAIT_SECONDS", 0.3)
    with closing(sqlite3.connect(shop, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DataError, match=r"shop.db cannot be copied: it was locked for"):
            copied(project(CONFIG, DATABASE_URL="sqlite:///shop.db"), print)
    assert copies_left() == []


def test_a_file_that_is_not_there_is_named(project, copied):
    with pytest.raises(DataError, match=r"there is no SQLite database .*/app/gone\.db") as error:
        copied(project(CONFIG, DATABASE_URL="sqlite:///gone.db"), print)
    assert "let the application make it first" in error.value.do


def test_a_file_of_the_instance_folder_is_found(project, copied, shop):
    instance = shop.parent / "instance"
    instance.mkdir()
    shop.rename(instance / "shop.db")
    found = copied(
        project(CONFIG, DATABASE_URL="sqlite:///shop.db"),
        lambda data: titles(file_of(data, "base")),
    )
    assert found == ["one"]


def test_a_file_that_is_no_database_is_refused(project, copied, shop):
    shop.write_text("a shopping list, and a long one at that " * 100)
    with pytest.raises(DataError, match="cannot be copied: file is not a database"):
        copied(project(CONFIG, DATABASE_URL="sqlite:///shop.db"), print)


def test_too_little_room_is_said_before_anything_is_copied(project, copied, shop):
    with closing(sqlite3.connect(shop)) as database:
        database.execute("CREATE TABLE big (x)")
    # A hole: the file claims to be large and takes no room itself.
    with shop.open("r+b") as file:
        file.truncate(shutil.disk_usage(tempfile.gettempdir()).free // 2)
    with pytest.raises(DataError, match=r"3 copies of shop.db need \d+ MB, and .* has \d+ MB"):
        copied(project(CONFIG, DATABASE_URL="sqlite:///shop.db"), print)
    assert copies_left() == []


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="has no second file system")
def test_copies_on_another_file_system_are_said(project, copied, shop, monkeypatch):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        monkeypatch.setattr("tempfile.tempdir", elsewhere)
        notes = copied(project(CONFIG, DATABASE_URL="sqlite:///shop.db"), lambda data: data.notes)
    assert f"the copies are on another file system ({elsewhere})" in notes[-1]


def test_what_a_killed_run_left_goes_at_the_next_start(project, copied, shop):
    program = f"""
        import os, signal, tempfile
        from surefoot.toolbox.data.scratch import Scratch
        tempfile.tempdir = {tempfile.gettempdir()!r}
        scratch = Scratch()
        (scratch.path / "base.sqlite3").write_text("copy")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert len(copies_left()) == 1
    copied(project(CONFIG, DATABASE_URL="sqlite:///shop.db"), print)
    assert copies_left() == []


def test_what_another_run_is_using_stays(project, copied, shop):
    from surefoot.toolbox.data.scratch import Scratch

    other = Scratch()
    copied(project(CONFIG, DATABASE_URL="sqlite:///shop.db"), print)
    assert copies_left() == [other.path]
    other.close()
    assert copies_left() == []


def test_a_copy_that_nobody_opened_is_told(project, copied, shop):
    async def work(data):
        assert await data.used("base") is False
        assert titles(file_of(data, "base")) == ["one"]
        assert await data.used("base") is True
        assert await data.used("variant") is False
        await data.reset("base")
        assert await data.used("base") is False

    copied(project(CONFIG, DATABASE_URL="sqlite:///shop.db"), work)
