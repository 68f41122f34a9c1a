"""Fixtures of servers; those of a session are not harmed by any test."""

from __future__ import annotations

import pytest

from servers import MemcachedServer, RedisServer


@pytest.fixture(scope="session")
def redis():
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def redis_unix():
    with RedisServer(unix=True) as server:
        yield server


@pytest.fixture(scope="session")
def memcached():
    with MemcachedServer() as server:
        yield server


@pytest.fixture(scope="session")
def other_memcached():
    with MemcachedServer() as server:
        yield server


@pytest.fixture(scope="session")
def memcached_unix():
    with MemcachedServer(unix=True) as server:
        yield server


@pytest.fixture
def own_redis():
    """A Redis of this test alone, to be killed and frozen."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def own_memcached():
    """A Memcached of this test alone."""
    with MemcachedServer() as server:
        yield server
