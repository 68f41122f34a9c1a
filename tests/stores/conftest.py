"""Servers that stores are tried on; those of a session are not harmed by any test."""

from server_fixtures import (  # noqa: F401 - fixtures
    memcached,
    memcached_unix,
    other_memcached,
    own_memcached,
    own_redis,
    redis,
    redis_unix,
)
