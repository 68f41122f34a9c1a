"""Servers that commands speak to."""

from server_fixtures import memcached, redis  # noqa: F401 - fixtures
