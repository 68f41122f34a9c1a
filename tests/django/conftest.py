"""Django, with its cache on every store."""

import asyncio
import contextlib
import itertools
from urllib.parse import urlsplit

import django
import pytest
from django.conf import settings
from django.db import connections

from server_fixtures import memcached, own_memcached, own_redis, redis  # noqa: F401 - fixtures
from surefoot.web.django.shared import close_all

_numbers = itertools.count()

if not settings.configured:
    settings.configure(
        SECRET_KEY="only of these tests, and long enough for Django not to mind",
        CACHES={"default": {"BACKEND": "surefoot.web.django.Cache", "LOCATION": "memory://"}},
        DATABASES={},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        LOGGING_CONFIG=None,
        ALLOWED_HOSTS=["testserver"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )
    django.setup()

STORES = ["memory", "sqlite", "redis", "memcached"]


@pytest.fixture(params=STORES)
def url(request, tmp_path):
    """The URL of a store, of each kind."""
    if request.param == "memory":
        return "memory://"
    # These tests are about answers; a busy machine may take its time for them.
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cache.db?timeout=20s"
    return f"{request.getfixturevalue(request.param).url}?timeout=20s"


@pytest.fixture
def name():
    """The name of a cache of this test alone."""
    return f"t{next(_numbers)}"


@pytest.fixture
def backend(url, name, closed):
    """Makes backends that share one store and one name."""
    from surefoot.web.django import Cache

    def made(options=None, **params):
        return Cache(url, {"OPTIONS": {"name": name, **(options or {})}, **params})

    return made


@pytest.fixture
def closed():
    """What is made in this process is closed at the end."""
    close_all()
    yield
    close_all()


class Threads:
    """Calls a backend as threads do."""

    def __init__(self, cache):
        self.cache = cache

    def __getattr__(self, verb):
        return getattr(self.cache, verb)


class Loop:
    """Calls the verbs for event loops, by their names without the ``a``."""

    def __init__(self, cache, loop):
        self.cache = cache
        self.loop = loop

    def __getattr__(self, verb):
        function = getattr(self.cache, f"a{verb}")
        return lambda *args, **kwargs: self.loop.run_until_complete(function(*args, **kwargs))


@pytest.fixture
def loop():
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture(params=["threads", "loop"])
def make(request, backend, loop):
    """As ``backend``, of either colour."""
    if request.param == "threads":
        return lambda *args, **params: Threads(backend(*args, **params))
    return lambda *args, **params: Loop(backend(*args, **params), loop)


@pytest.fixture
def cache(make):
    return make()


@pytest.fixture
def default_cache(name, closed):
    """Sets ``CACHES["default"]``; gives Django's own ``cache``."""
    from django.core.cache import cache
    from django.test import override_settings

    with contextlib.ExitStack() as stack:

        def use(url="memory://", **options):
            entry = {
                "BACKEND": "surefoot.web.django.Cache",
                "LOCATION": url,
                "OPTIONS": {"name": name, **options},
            }
            stack.enter_context(override_settings(CACHES={"default": entry}))
            return cache

        yield use


@pytest.fixture
def database(tmp_path):
    """A database of Django's, as its default; gives this thread's connection to it."""
    file = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "shop.db")}
    with databases(file) as connection:
        yield connection


@pytest.fixture(params=["sqlite", "postgres"])
def any_database(request, tmp_path):
    """As ``database``, of each kind."""
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "shop.db")}
    if request.param == "postgres":
        url = urlsplit(request.getfixturevalue("postgres"))
        entry = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path[1:],
            "USER": url.username,
            "HOST": url.hostname,
            "PORT": url.port,
        }
    with databases(entry) as connection:
        yield connection


@contextlib.contextmanager
def databases(entry):
    before = connections.settings
    _forget_connections()
    connections.settings = connections.configure_settings({"default": entry, "other": dict(entry)})
    try:
        yield lambda alias="default": connections[alias]
    finally:
        _forget_connections()
        connections.settings = before


def _forget_connections():
    connections.close_all()
    for alias in connections:
        if hasattr(connections._connections, alias):
            del connections[alias]
