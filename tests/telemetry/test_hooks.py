"""Every hook keeps the contract, against the real driver and a real server."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import pytest

import surefoot
from hooked import WithServer
from servers import need
from surefoot.testing import HookContract


class TestSqlite(HookContract):
    exercise = "exercises.py:sqlite"
    resource = "db.cpu"
    what = "select id from book where id = ?"
    count = 3


class TestSqliteWithOwnClasses(HookContract):
    exercise = "exercises.py:sqlite_with_own_classes"
    resource = "db.cpu"
    what = "select"


class TestSqliteError(HookContract):
    exercise = "exercises.py:sqlite_error"
    resource = "db.cpu"
    what = "select nothing"


class TestAiosqlite(HookContract):
    exercise = "exercises.py:aiosqlite"
    resource = "db.cpu"
    what = "select id"


class WithDirectory(WithServer):
    server = "tmp_path"


class TestPool(WithDirectory):
    exercise = "exercises.py:pool"
    resource = "db.pool"
    count = 2


class TestAsyncPool(WithDirectory):
    exercise = "exercises.py:pool_async"
    resource = "db.pool"
    count = 2


class WithPostgres(WithServer):
    resource = "db.wait"
    server = "postgres"


class TestPsycopg(WithPostgres):
    exercise = "exercises.py:psycopg"
    what = "insert into book"
    count = 3


class TestPsycopgServerSide(WithPostgres):
    exercise = "exercises.py:psycopg_server_side"
    what = "select generate_series"


class TestPsycopgAsync(WithPostgres):
    exercise = "exercises.py:psycopg_async"
    what = "select generate_series"


class TestPsycopg2(WithPostgres):
    exercise = "exercises.py:psycopg2"
    what = "select ?"
    count = 3


class TestPsycopgPool(WithPostgres):
    exercise = "exercises.py:psycopg_pool"
    resource = "db.pool"
    count = 2


class TestAsyncpg(WithPostgres):
    exercise = "exercises.py:asyncpg"
    what = "insert into book values (?)"
    count = 2

    def test_every_kind_of_statement_is_counted_once(self):
        counted = Counter()
        for spend in self._spends("db.wait"):
            counted[spend.what] += spend.count
        assert counted["(connect)"] == 1
        # Two executed with an argument, one by executemany.
        assert counted["insert into book values (?)"] == 3
        assert counted["select count(*) from book where id > ?"] == 2
        assert counted["select id from book"] == 1
        assert counted["select max(id) from book"] == 1
        assert counted["COMMIT;"] == 1


class TestAsyncpgPool(WithPostgres):
    exercise = "exercises.py:asyncpg_pool"
    resource = "db.pool"


class TestSqlalchemyAsyncpg(WithPostgres):
    exercise = "exercises.py:sqlalchemy_asyncpg"
    what = "select ? + ?"
    count = 2


class WithMariadb(WithServer):
    resource = "db.wait"
    server = "mariadb"


class TestSqlalchemyPymysql(WithMariadb):
    exercise = "exercises.py:sqlalchemy_mysql"
    what = "select ? + ?"
    count = 2


class WithQuotedText(WithMariadb):
    what = "insert into book values (...)"
    count = 3

    def test_text_in_double_quotes_is_a_value_too(self):
        text = " ".join(spend.what for spend in self._spends("db.wait"))
        assert "insert into book" in text
        assert "kept" not in text


class TestPymysql(WithQuotedText):
    exercise = "exercises.py:pymysql"


class TestMysqlclient(WithQuotedText):
    """Its licence is the GPL: the project does not come with it, an environment of its own does."""

    exercise = "exercises.py:mysqldb"

    @pytest.fixture(autouse=True)
    def installed(self, environment, monkeypatch):
        config = need("mariadb_config", "libmariadb-dev")
        need("cc", "gcc")
        if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
            need("python3-config", "python3-dev")
        for name, option in (("CFLAGS", "--cflags"), ("LDFLAGS", "--libs")):
            said = subprocess.run([config, option], capture_output=True, text=True, check=True)
            monkeypatch.setenv(f"MYSQLCLIENT_{name}", said.stdout.strip())
        self.python = str(environment("mysqlclient", "mysqlclient>=2.2,<3", "pytest"))
        monkeypatch.setenv("PYTHONPATH", str(Path(surefoot.__file__).parents[1]))


class WithMongo(WithServer):
    resource = "db.wait"
    what = "find shop.books"
    server = "mongo_stand_in"


class TestPymongo(WithMongo):
    exercise = "exercises.py:pymongo"
    count = 2

    def test_commands_have_names_and_no_documents(self):
        spends = self._spends("db.wait")
        assert {spend.what for spend in spends} == {
            "insert shop.books", "find shop.books", "fail", "getMore shop.books",
        }  # fmt: skip
        assert sum(spend.count for spend in spends) == 5


class TestPymongoAsync(WithMongo):
    exercise = "exercises.py:pymongo_async"
    count = 2


class WithHttp(WithServer):
    resource = "http.127.0.0.1"
    what = "GET 127.0.0.1"
    count = 2
    server = "http_server"


class TestHttpx(WithHttp):
    exercise = "exercises.py:httpx"


class TestHttpxAsync(WithHttp):
    exercise = "exercises.py:httpx_async"


class TestRequests(WithHttp):
    exercise = "exercises.py:requests"


class TestUrllib3(WithHttp):
    exercise = "exercises.py:urllib3"


class TestBotocore(WithHttp):
    """No hook of its own: its requests go by way of urllib3, and bodies by http.client."""

    exercise = "exercises.py:botocore"


class TestUrllib(WithHttp):
    exercise = "exercises.py:urllib"


class TestTornadoClient(WithHttp):
    exercise = "exercises.py:tornado_client"


class TestAiohttp(WithHttp):
    exercise = "exercises.py:aiohttp"


class WithMail(WithServer):
    resource = "smtp.127.0.0.1"
    what = "mail"
    count = 2
    server = "smtp_server"


class TestSmtplib(WithMail):
    exercise = "exercises.py:smtplib"


class TestAiosmtplib(WithMail):
    exercise = "exercises.py:aiosmtplib"


class WithRedis(WithServer):
    resource = "cache.127.0.0.1"
    what = "GET"
    count = 2
    server = "redis_server"


class TestRedis(WithRedis):
    exercise = "exercises.py:redis"


class TestRedisAsync(WithRedis):
    exercise = "exercises.py:redis_async"


class TestPymemcache(WithServer):
    exercise = "exercises.py:pymemcache"
    resource = "cache.127.0.0.1"
    what = "GET"
    count = 2
    server = "memcached_server"


class WithCache(WithServer):
    """Caches of ours: booked by their name, and never as the application's database."""

    exercise = "exercises.py:cache"
    resource = "cache.books"
    what = "GET"
    count = 3

    def test_the_cache_s_work_is_no_work_of_anything_else(self):
        # A collection of garbage is nobody's.
        spends = [spend for spend in self._spends("") if str(spend.resource) != "app.cpu"]
        assert {str(spend.resource) for spend in spends} == {"cache.books"}
        assert {spend.what for spend in spends} == {"GET", "SWAP", "PUT", "DELETE"}


class TestCacheInSqlite(WithCache):
    server = "tmp_path"
    given = "sqlite:///{}/cache.db"


class TestAsyncCacheInSqlite(TestCacheInSqlite):
    exercise = "exercises.py:cache_async"


class TestCacheInRedis(WithCache):
    server = "redis_server"
    given = "redis://{}/7?timeout=2s"


class TestAsyncCacheInRedis(TestCacheInRedis):
    exercise = "exercises.py:cache_async"


class TestCacheInMemcached(WithCache):
    server = "memcached_server"
    given = "memcached://{}?timeout=2s"


class TestPylibmc(WithServer):
    exercise = "exercises.py:pylibmc"
    resource = "cache.127.0.0.1"
    what = "GET"
    count = 2
    server = "memcached_server"


class TestSubprocess(HookContract):
    exercise = "exercises.py:programs"
    resource = "process."
    what = "start"

    def test_programs_are_named_and_their_arguments_are_not(self):
        spends = self._spends("process.")
        started = Counter(str(s.resource) for s in spends if s.what == "start")
        python = f"process.{Path(sys.executable).name}"
        assert started == {python: 2, "process.(shell)": 1, "process.program": 1}
        assert "secret" not in str(spends)


class TestToThread(HookContract):
    exercise = "exercises.py:to_thread"
    resource = "app.threads"
    count = 2


class TestAnyioThreads(HookContract):
    exercise = "exercises.py:anyio_threads"
    resource = "app.threads"
    what = "anyio"
    count = 2
