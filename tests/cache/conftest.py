"""Caches over every store."""

import itertools

import pytest

from server_fixtures import memcached, own_redis, redis, redis_unix  # noqa: F401 - fixtures
from surefoot.cache import AsyncCache, Cache

_numbers = itertools.count()


LOOPS = ["memory", "sqlite", "redis", "redis 3", "redis unix"]
"""Kinds of stores that there are for event loops; for threads there is Memcached besides."""


@pytest.fixture(params=[*LOOPS, "memcached"])
def url(request, tmp_path):
    """The URL of a store, of each kind."""
    return _url(request, tmp_path)


def _url(request, tmp_path):
    kind = request.param
    if kind == "memory":
        return "memory://"
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/cache.db?timeout=20s"
    # These tests are about answers; a busy machine may take its time for them.
    name = {"redis unix": "redis_unix", "memcached": "memcached"}.get(kind, "redis")
    url = f"{request.getfixturevalue(name).url}?timeout=20s"
    return f"{url}&protocol=3" if kind == "redis 3" else url


@pytest.fixture
def make(url):
    """Makes caches that share one store and one name; in memory each has its own store."""
    made = []
    name = f"t{next(_numbers)}"

    def cache(**options):
        made.append(Cache.from_url(url, name=name, **options))
        return made[-1]

    yield cache
    for each in made:
        each.close()


@pytest.fixture
def cache(make):
    return make()


@pytest.fixture(params=LOOPS)
def make_async(request, tmp_path):
    """As ``make``, for event loops; to be closed by the test."""
    url = _url(request, tmp_path)
    name = f"a{next(_numbers)}"
    return lambda **options: AsyncCache.from_url(url, name=name, **options)
