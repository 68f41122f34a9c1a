"""Every hook keeps the contract, against the real driver and a real server."""

from __future__ import annotations

import pytest

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


class TestUrllib(WithHttp):
    __test__ = True
    exercise = "exercises.py:urllib"


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


class TestToThread(HookContract):
    exercise = "exercises.py:to_thread"
    resource = "app.threads"
    count = 2


class TestAnyioThreads(HookContract):
    exercise = "exercises.py:anyio_threads"
    resource = "app.threads"
    what = "anyio"
    count = 2
