"""PostgreSQL: every side has a database of its own, and none is left."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import psycopg
import pytest

from surefoot.errors import DataError
from surefoot.toolbox.data import copies
from surefoot.toolbox.data.dump import Dump

CONFIG = '[data]\nurl_env = "DATABASE_URL"\n'


def nothing(_data):
    return None


def titles(url):
    with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:")) as database:
        return [title for (title,) in database.execute("SELECT title FROM books ORDER BY title")]


def write(url, title):
    with psycopg.connect(url) as database:
        database.execute("INSERT INTO books VALUES (%s)", [title])


def test_each_side_writes_to_a_database_of_its_own(project, copied, source, databases):
    def work(data):
        urls = [data.environment(label)["DATABASE_URL"] for label in ("base", "variant")]
        write(urls[0], "of the base")
        assert titles(urls[0]) == ["of the base", "one"]
        assert titles(urls[1]) == titles(source) == ["one"]
        assert data.writable
        assert data.copied
        assert data.size > 10**6
        return len(databases())

    assert copied(project(CONFIG, DATABASE_URL=source), work) == 3
    assert databases() == []


def test_the_application_gets_the_copy_s_url_and_keeps_the_rest(project, copied, source):
    url = source.replace("postgresql:", "postgresql+psycopg:") + "?application_name=shop&ssl=prefer"

    def work(data):
        environment = data.application("base").environment
        assert environment["OTHER"] == "kept"
        return environment["DATABASE_URL"]

    found = copied(project(CONFIG, DATABASE_URL=url, OTHER="kept"), work)
    assert found.startswith("postgresql+psycopg://tester@127.0.0.1:")
    assert found.endswith("_base?application_name=shop&ssl=prefer")


def test_a_reset_brings_back_the_state_that_all_began_with(project, copied, source):
    async def work(data):
        url = data.environment("base")["DATABASE_URL"]
        write(url, "two")
        write(source, "meanwhile")
        await data.reset("base")
        assert data.environment("base")["DATABASE_URL"] == url
        return titles(url)

    assert copied(project(CONFIG, DATABASE_URL=source), work) == ["one"]


def test_a_database_in_use_is_dumped_instead(project, copied, source):
    def work(data):
        assert any("pg_dump" in note and "connected" in note for note in data.notes)
        return titles(data.environment("variant")["DATABASE_URL"])

    with psycopg.connect(source):
        assert copied(project(CONFIG, DATABASE_URL=source), work) == ["one"]


def test_where_there_is_no_pg_dump_it_says_who_is_in_the_way(
    project, copied, source, databases, monkeypatch
):
    monkeypatch.setattr(Dump, "found", staticmethod(lambda: None))
    with (
        psycopg.connect(source),
        pytest.raises(DataError, match="cannot be used as a template: others are connected") as no,
    ):
        copied(project(CONFIG, DATABASE_URL=source), nothing)
    assert "pg_stat_activity" in no.value.do
    assert databases() == []


def test_a_role_that_may_not_create_databases_is_told_what_to_do(
    project, copied, source, databases
):
    with psycopg.connect(source, autocommit=True) as database:
        database.execute("DROP ROLE IF EXISTS reader")
        database.execute("CREATE ROLE reader LOGIN PASSWORD 'hunter2'")
    url = source.replace("tester@", "reader:hunter2@")
    with pytest.raises(DataError, match="permission denied") as no:
        copied(project(CONFIG, DATABASE_URL=url), nothing)
    assert "CREATEDB" in no.value.do
    assert "hunter2" not in str(no.value)
    assert databases() == []


def test_a_role_that_does_not_own_the_source_gets_a_dump(project, copied, source):
    with psycopg.connect(source, autocommit=True) as database:
        database.execute("DROP ROLE IF EXISTS maker")
        database.execute("CREATE ROLE maker LOGIN CREATEDB")
        database.execute("GRANT SELECT ON books TO maker")
    url = source.replace("tester@", "maker@")

    def work(data):
        assert any("belongs to another role" in note for note in data.notes)
        write(data.environment("base")["DATABASE_URL"], "two")
        return titles(data.environment("base")["DATABASE_URL"])

    assert copied(project(CONFIG, DATABASE_URL=url), work) == ["one", "two"]
    with psycopg.connect(source, autocommit=True) as database:
        database.execute("DROP OWNED BY maker")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.replace("tester@", "nobody-here@"), 'role "nobody-here" does not exist'),
        (lambda url: url.rpartition("/")[0] + "/gone", '"gone" does not exist'),
        (lambda url: url.replace("127.0.0.1", "127.0.0.1:1:2"), "host or port that cannot be read"),
    ],
)
def test_a_wrong_url_is_explained_without_showing_it(project, copied, source, change, said):
    url = change(source).replace("@", ":hunter2@")
    with pytest.raises(DataError, match="database") as no:
        copied(project(CONFIG, DATABASE_URL=url), nothing)
    assert said in str(no.value)
    assert "hunter2" not in str(no.value)


def test_settings_of_the_database_itself_are_copied(project, copied, source):
    name = psycopg.conninfo.conninfo_to_dict(source)["dbname"]
    with psycopg.connect(source, autocommit=True) as database:
        database.execute(f'ALTER DATABASE "{name}" SET search_path = "$user", shop, public')
        database.execute(f"""ALTER DATABASE "{name}" SET my.title = 'a "b", c'""")
        database.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')

    def work(data):
        with psycopg.connect(data.environment("base")["DATABASE_URL"]) as database:
            return [
                database.execute(f"SHOW {name}").fetchone()[0]
                for name in ("search_path", "my.title", "default_transaction_read_only")
            ]

    found = copied(project(CONFIG, DATABASE_URL=source), work)
    assert found == ['"$user", shop, public', 'a "b", c', "on"]


def test_an_application_that_still_holds_its_copy_does_not_keep_it(
    project, copied, source, databases
):
    held = []
    copied(
        project(CONFIG, DATABASE_URL=source),
        lambda data: held.append(psycopg.connect(data.environment("base")["DATABASE_URL"])),
    )
    held[0].close()
    assert databases() == []


KILLED = """
    import asyncio, sys, types, time
    from surefoot.toolbox.data.postgres import PostgresCopies
    from surefoot.toolbox.data.url import Url
    copier = PostgresCopies(Url(sys.stdin.readline().strip()))
    copier.prepare(1)
    copier.make("base")
    print("made", flush=True)
    time.sleep(60)
"""


def _started(source):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.stdin.write(source + "\n")
    process.stdin.flush()
    assert process.stdout.readline() == "made\n"
    return process


def _end(process):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)


def test_what_a_killed_run_left_is_dropped_at_the_next_start(project, copied, source, databases):
    process = _started(source)
    _end(process)
    assert len(databases()) == 2
    # The server notices the closed connection by itself, a moment later.
    deadline = time.monotonic() + 20
    left = databases()
    while left and time.monotonic() < deadline:
        found = copied(project(CONFIG, DATABASE_URL=source), lambda _: databases(), ("base",))
        left = sorted(set(left) & set(found))
    assert left == []


def test_what_another_run_is_using_stays(project, copied, source, databases):
    process = _started(source)
    try:
        others = databases()
        copied(project(CONFIG, DATABASE_URL=source), nothing, ("base",))
        assert databases() == others
    finally:
        _end(process)


def test_an_interrupted_copy_leaves_nothing(project, source, databases):
    async def main():
        said = []

        async def run():
            async with copies(*project(CONFIG, DATABASE_URL=source), ("base",), said.append):
                pass

        task = asyncio.create_task(run())
        while len(said) < 2 and not task.done():  # noqa: ASYNC110 - it is told nothing else
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert databases() == []


def test_no_password_is_in_the_arguments_of_pg_dump(project, copied, source, tmp_path, monkeypatch):
    real = shutil.which("pg_dump")
    seen = tmp_path / "seen"
    spy = tmp_path / "bin" / "pg_dump"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$@" >{seen}\necho "$PGPASSWORD" >>{seen}\nexec {real} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    with psycopg.connect(source):
        url = source.replace("tester@", "tester:hunter2@")
        copied(project(CONFIG, DATABASE_URL=url), nothing)
    arguments, password = seen.read_text().splitlines()
    assert "hunter2" not in arguments
    assert password == "hunter2"


def test_a_copy_that_nobody_connected_to_is_told(project, copied, source):
    async def work(data):
        assert await data.used("base") is False
        with psycopg.connect(data.environment("base")["DATABASE_URL"]):
            assert await data.used("base") is True
        # What has ended is reported by the server a moment later.
        deadline = time.monotonic() + 20
        while not await data.used("base") and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert await data.used("base") is True
        assert await data.used("variant") is False
        await data.reset("base")
        assert await data.used("base") is False

    copied(project(CONFIG, DATABASE_URL=source), work)
