"""Every hook keeps the contract, against the real driver and a real server."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import pytest

import surefoot
from servers import need
from surefoot.testing import HookContract, Receiver


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


class WithDirectory(HookContract):
    __test__ = False

    @pytest.fixture(autouse=True)
    def directory(self, tmp_path):
        self.given = (str(tmp_path),)

    def arguments(self):
        return self.given


class TestPool(WithDirectory):
    __test__ = True
    exercise = "exercises.py:pool"
    resource = "db.pool"
    count = 2


class TestAsyncPool(WithDirectory):
    __test__ = True
    exercise = "exercises.py:pool_async"
    resource = "db.pool"
    count = 2


class WithPostgres(HookContract):
    __test__ = False
    resource = "db.wait"

    @pytest.fixture(autouse=True)
    def server(self, postgres):
        self.given = (postgres,)

    def arguments(self):
        return self.given


class TestPsycopg(WithPostgres):
    __test__ = True
    exercise = "exercises.py:psycopg"
    what = "insert into book"
    count = 3


class TestPsycopgServerSide(WithPostgres):
    __test__ = True
    exercise = "exercises.py:psycopg_server_side"
    what = "select generate_series"


class TestPsycopgAsync(WithPostgres):
    __test__ = True
    exercise = "exercises.py:psycopg_async"
    what = "select generate_series"


class TestPsycopg2(WithPostgres):
    __test__ = True
    exercise = "exercises.py:psycopg2"
    what = "select ?"
    count = 3


class TestPsycopgPool(WithPostgres):
    __test__ = True
    exercise = "exercises.py:psycopg_pool"
    resource = "db.pool"
    count = 2


class TestAsyncpg(WithPostgres):
    __test__ = True
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
    __test__ = True
    exercise = "exercises.py:asyncpg_pool"
    resource = "db.pool"


class TestSqlalchemyAsyncpg(WithPostgres):
    __test__ = True
    exercise = "exercises.py:sqlalchemy_asyncpg"
    what = "select ? + ?"
    count = 2


class WithMariadb(HookContract):
    __test__ = False
    resource = "db.wait"
    what = "insert into book values (...)"
    count = 3

    @pytest.fixture(autouse=True)
    def server(self, mariadb):
        self.given = (mariadb,)

    def arguments(self):
        return self.given

    def test_text_in_double_quotes_is_a_value_too(self):
        text = " ".join(spend.what for spend in self._spends("db.wait"))
        assert "insert into book" in text
        assert "kept" not in text


class TestPymysql(WithMariadb):
    __test__ = True
    exercise = "exercises.py:pymysql"


class TestSqlalchemyPymysql(WithMariadb):
    __test__ = True
    exercise = "exercises.py:sqlalchemy_mysql"
    what = "select ? + ?"
    count = 2
    test_text_in_double_quotes_is_a_value_too = None


class TestMysqlclient(WithMariadb):
    """Its licence is the GPL: the project does not come with it, an environment of its own does."""

    __test__ = True
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


class WithMongo(HookContract):
    __test__ = False
    resource = "db.wait"
    what = "find shop.books"

    @pytest.fixture(autouse=True)
    def server(self, mongo_stand_in):
        self.given = (mongo_stand_in,)

    def arguments(self):
        return self.given


class TestPymongo(WithMongo):
    __test__ = True
    exercise = "exercises.py:pymongo"
    count = 2

    def test_commands_have_names_and_no_documents(self):
        spends = self._spends("db.wait")
        assert {spend.what for spend in spends} == {
            "insert shop.books", "find shop.books", "fail", "getMore shop.books",
        }  # fmt: skip
        assert sum(spend.count for spend in spends) == 5


class TestPymongoAsync(WithMongo):
    __test__ = True
    exercise = "exercises.py:pymongo_async"
    count = 2


class WithHttp(HookContract):
    __test__ = False
    resource = "http.127.0.0.1"
    what = "GET 127.0.0.1"
    count = 2

    @pytest.fixture(autouse=True)
    def server(self, http_server):
        self.given = (http_server,)

    def arguments(self):
        return self.given


class TestHttpx(WithHttp):
    __test__ = True
    exercise = "exercises.py:httpx"


class TestHttpxAsync(WithHttp):
    __test__ = True
    exercise = "exercises.py:httpx_async"


class TestRequests(WithHttp):
    __test__ = True
    exercise = "exercises.py:requests"


class TestUrllib3(WithHttp):
    __test__ = True
    exercise = "exercises.py:urllib3"


class TestBotocore(WithHttp):
    """No hook of its own: its requests go by way of urllib3, and bodies by http.client."""

    __test__ = True
    exercise = "exercises.py:botocore"


class TestUrllib(WithHttp):
    __test__ = True
    exercise = "exercises.py:urllib"


class TestTornadoClient(WithHttp):
    __test__ = True
    exercise = "exercises.py:tornado_client"


class TestAiohttp(WithHttp):
    __test__ = True
    exercise = "exercises.py:aiohttp"


class WithMail(HookContract):
    __test__ = False
    resource = "smtp.127.0.0.1"
    what = "mail"
    count = 2

    @pytest.fixture(autouse=True)
    def server(self, smtp_server):
        self.given = (smtp_server,)

    def arguments(self):
        return self.given


class TestSmtplib(WithMail):
    __test__ = True
    exercise = "exercises.py:smtplib"


class TestAiosmtplib(WithMail):
    __test__ = True
    exercise = "exercises.py:aiosmtplib"


class WithRedis(HookContract):
    __test__ = False
    resource = "cache.127.0.0.1"
    what = "GET"
    count = 2

    @pytest.fixture(autouse=True)
    def server(self, redis_server):
        self.given = (redis_server,)

    def arguments(self):
        return self.given


class TestRedis(WithRedis):
    __test__ = True
    exercise = "exercises.py:redis"


class TestRedisAsync(WithRedis):
    __test__ = True
    exercise = "exercises.py:redis_async"


class TestPymemcache(HookContract):
    exercise = "exercises.py:pymemcache"
    resource = "cache.127.0.0.1"
    what = "GET"
    count = 2

    @pytest.fixture(autouse=True)
    def server(self, memcached_server):
        self.given = (memcached_server,)

    def arguments(self):
        return self.given


class WithCache(HookContract):
    """Caches of ours: booked by their name, and never as the application's database."""

    __test__ = False
    exercise = "exercises.py:cache"
    resource = "cache.books"
    what = "GET"
    count = 3

    def arguments(self):
        return self.given

    def test_the_cache_s_work_is_no_work_of_anything_else(self):
        with Receiver() as receiver:
            self._run(receiver, "request")
            (record,) = receiver.wait_for_records(1)
        # A collection of garbage is nobody's.
        spends = [spend for spend in record.spends if str(spend.resource) != "app.cpu"]
        assert {str(spend.resource) for spend in spends} == {"cache.books"}
        assert {spend.what for spend in spends} == {"GET", "SWAP", "PUT", "DELETE"}


class TestCacheInSqlite(WithCache):
    __test__ = True

    @pytest.fixture(autouse=True)
    def file(self, tmp_path):
        self.given = (f"sqlite:///{tmp_path}/cache.db",)


class TestAsyncCacheInSqlite(TestCacheInSqlite):
    exercise = "exercises.py:cache_async"


class TestCacheInRedis(WithCache):
    __test__ = True

    @pytest.fixture(autouse=True)
    def server(self, redis_server):
        self.given = (f"redis://{redis_server}/7?timeout=2s",)


class TestAsyncCacheInRedis(TestCacheInRedis):
    exercise = "exercises.py:cache_async"


class TestCacheInMemcached(WithCache):
    __test__ = True

    @pytest.fixture(autouse=True)
    def server(self, memcached_server):
        self.given = (f"memcached://{memcached_server}?timeout=2s",)


class TestPylibmc(HookContract):
    exercise = "exercises.py:pylibmc"
    resource = "cache.127.0.0.1"
    what = "GET"
    count = 2

    @pytest.fixture(autouse=True)
    def server(self, memcached_server):
        self.given = (memcached_server,)

    def arguments(self):
        return self.given


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
