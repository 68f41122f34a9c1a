"""The built-in checks, against real servers."""

from __future__ import annotations

import socket
import sqlite3
import sys
import threading
from pathlib import Path

import pytest

from servers import find_port
from surefoot.config import HealthCheck
from surefoot.errors import ConfigError, StoreError
from surefoot.health.configured import Surroundings, configured_checks, prepare
from surefoot.health.looks.broker import Broker
from surefoot.health.looks.cache import Cache
from surefoot.health.looks.database import Database
from surefoot.health.looks.disk import Disk
from surefoot.health.looks.drivers import select_one

HERE = Path("/nowhere")


# --- Databases by URL -----------------------------------------------------------------------------


@pytest.fixture
def loaded(monkeypatch):
    """Has a driver loaded, and the others not."""

    def load(name):
        for other in ("psycopg", "psycopg2", "asyncpg", "pymysql", "MySQLdb"):
            if other != name:
                monkeypatch.delitem(sys.modules, other, raising=False)
        return pytest.importorskip(name)

    return load


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgis"])
def test_postgresql_is_asked_over_the_driver_that_is_loaded(postgres, loaded, driver, scheme):
    loaded(driver)
    assert select_one(postgres.replace("postgresql", scheme, 1), HERE, 20) == driver


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql"])
def test_mysql_is_asked_over_the_driver_that_is_loaded(mariadb, loaded, scheme):
    loaded("pymysql")
    assert select_one(f"{scheme}://tester@127.0.0.1:{mariadb}/test", HERE, 20) == "pymysql"


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg", "pymysql"])
def test_a_database_that_is_not_there_is_told_without_its_password(loaded, driver):
    loaded(driver)
    scheme = "mysql" if driver == "pymysql" else "postgresql"
    with pytest.raises(Exception, match=r"(?i)connect") as caught:  # each has an error of its own
        select_one(f"{scheme}://shop:S3cr3t@127.0.0.1:{find_port()}/shop", HERE, 20)
    assert "S3cr3t" not in str(caught.value)


def test_a_driver_is_not_imported_for_it(loaded):
    loaded("pymysql")
    with pytest.raises(RuntimeError, match="no driver"):
        select_one("postgresql://127.0.0.1/shop", HERE, 1)


@pytest.mark.parametrize("url", ["oracle://db/shop", "", "shop"])
def test_a_database_that_nobody_knows_is_told(url):
    with pytest.raises(RuntimeError, match="no driver"):
        select_one(url, HERE, 1)


def test_a_file_of_sqlite_is_read_and_not_made(tmp_path):
    sqlite3.connect(tmp_path / "shop.db").close()
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("create table books (id)")
    connection.close()
    assert select_one("sqlite:///shop.db", tmp_path, 1) == "sqlite3"
    assert select_one(f"sqlite:///{tmp_path}/shop.db", HERE, 1) == "sqlite3"
    with pytest.raises(sqlite3.OperationalError):
        select_one("sqlite:///other.db", tmp_path, 1)
    assert not (tmp_path / "other.db").exists()


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "shop.db").write_text("something else, and a good deal of it" * 50)
    with pytest.raises(sqlite3.DatabaseError):
        select_one("sqlite:///shop.db", tmp_path, 1)


def test_a_database_in_memory_is_there():
    assert select_one("sqlite://", HERE, 1) == "sqlite3"


def test_without_any_database_that_is_told(monkeypatch):
    monkeypatch.delitem(sys.modules, "django.db", raising=False)
    monkeypatch.setattr("surefoot.health.looks.engines._engines", set())
    with pytest.raises(RuntimeError, match="url_env"):
        Database("", HERE, 1)()


# --- Brokers --------------------------------------------------------------------------------------


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", find_port())) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["amqp", "redis", "rediss", "pyamqp", "kafka", "nats"])
def test_a_broker_that_listens_is_there(listening, scheme):
    assert Broker(f"{scheme}://user:S3cr3t@127.0.0.1:{listening}/x", 20)() is None


def test_a_broker_on_a_unix_socket_is_there(tmp_path):
    path = tmp_path / "broker"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert Broker(f"redis+socket://{path}", 20)() is None
        assert Broker(f"unix://{path}?db=1", 20)() is None
    with pytest.raises(OSError, match="refused"):
        Broker(f"unix://{path}", 20)()


def test_one_of_several_brokers_is_enough(listening):
    gone = f"amqp://127.0.0.1:{find_port()}"
    assert Broker(f"{gone};amqp://127.0.0.1:{listening}", 20)() is None
    with pytest.raises(OSError, match="refused"):
        Broker(f"{gone};{gone}", 20)()


@pytest.mark.parametrize(
    "url",
    ["", ";", "sqs://", "memory://x", "user:S3cr3t@host", "amqp://:S3cr3t@", "amqp://h:S3cr3t"],
)
def test_a_url_without_a_host_is_refused_and_not_repeated(url):
    with pytest.raises(ConfigError, match="names a host") as caught:
        Broker(url, 1)
    assert "S3cr3t" not in str(caught.value)


# --- Caches and disks -----------------------------------------------------------------------------


@pytest.fixture
def cache():
    """Makes checks of caches, and gives their connections back."""
    found = []

    def make(url, directory=HERE):
        found.append(Cache(url, directory))
        return found[-1]

    yield make
    for each in found:
        each._store.close()


@pytest.mark.parametrize("store", ["redis", "memcached"])
def test_a_store_that_answers_is_there(store, cache, request):
    assert cache(request.getfixturevalue(store).url)() is None


@pytest.mark.parametrize("url", ["memory://", "sqlite:///cache.db"])
def test_a_store_of_this_host_is_there(url, cache, tmp_path):
    assert cache(url, tmp_path)() is None


@pytest.mark.parametrize("scheme", ["redis", "memcached"])
def test_a_store_that_is_gone_is_told_each_time(scheme, cache):
    found = cache(f"{scheme}://127.0.0.1:{find_port()}")
    for _ in range(2):
        with pytest.raises(StoreError):
            found()


def test_a_store_is_asked_on_one_connection_by_all_threads(own_redis, cache):
    found = cache(own_redis.url)
    for _ in range(5):
        thread = threading.Thread(target=found)
        thread.start()
        thread.join()
    lines = own_redis.said("INFO clients").splitlines()
    # That one, and who asks for this.
    assert "connected_clients:2" in lines


def test_a_disk_with_room_is_fine(tmp_path):
    assert Disk(tmp_path, 0.0)() is None


def test_a_disk_without_enough_room_is_told(tmp_path):
    with pytest.raises(RuntimeError, match=r"is free, not 100\.0%"):
        Disk(tmp_path, 1.0)()


def test_a_directory_that_is_not_there_is_told():
    with pytest.raises(FileNotFoundError):
        Disk(HERE, 0.0)()


# --- The configuration ----------------------------------------------------------------------------


def made(environ=None, **check):
    around = Surroundings(HERE, "DATABASE_URL", "memory://")
    return configured_checks((HealthCheck(**check),), around, environ or {})[0]


def test_a_check_is_as_configured(tmp_path):
    found = made(name="uploads", kind="disk", hard=True, timeout=2.5, directory=str(tmp_path))
    assert (found.name, found.hard, found.timeout) == ("uploads", True, 2.5)
    assert found.function() is None


def test_soft_is_the_default():
    assert made(name="cache").hard is False


def test_the_url_of_the_database_is_that_of_the_data(tmp_path):
    sqlite3.connect(tmp_path / "shop.db").close()
    url = f"sqlite:///{tmp_path}/shop.db"
    assert made({"DATABASE_URL": url}, name="database").function() is None
    assert made({"OTHER": url}, name="database", url_env="OTHER").function() is None


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"name": "mine"}, "what it looks at"),
        ({"name": "broker"}, "no url_env"),
        ({"name": "broker", "url_env": "NOT_THERE"}, "NOT_THERE is not set"),
        ({"name": "database", "url_env": "NOT_THERE"}, "NOT_THERE is not set"),
    ],
)
def test_a_check_that_cannot_be_made_is_refused(check, said):
    with pytest.raises(ConfigError, match=said):
        made(**check)


def test_a_check_of_an_unknown_kind_is_refused_before_the_import():
    with pytest.raises(ConfigError, match="what it looks at"):
        prepare((HealthCheck(name="mine"),))
