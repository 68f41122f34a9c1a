"""Django's connections: opened for each request, kept, or in a pool, as it is configured."""

from __future__ import annotations

import json

import django
import pytest

from programs import printed

pooling = pytest.mark.skipif(django.VERSION < (5, 1), reason="Django has pools since 5.1")

PROGRAM = """
import json, sys, threading
from surefoot.web import pools
url, engine, options, sizes, ages = json.loads(sys.argv[1])
pools.install(sizes, ages)
from django.conf import settings
from urllib.parse import urlsplit
place = urlsplit(url)
settings.configure(
    DATABASES={"default": {
        "ENGINE": f"django.db.backends.{engine}", "NAME": place.path[1:] or url,
        "USER": place.username or "", "HOST": place.hostname or "", "PORT": place.port or "",
        "OPTIONS": options,
    }},
    ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], MIDDLEWARE=[],
)
import django
django.setup()
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections
from django.http import HttpResponse
from django.urls import path
from wsgiref.util import setup_testing_defaults

def who(request):
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            return HttpResponse(cursor.fetchone()[0])
    return HttpResponse(id(connection.connection))

urlpatterns = [path("who", who)]
handler, seen = WSGIHandler(), []
for _ in range(5):
    environ = {"PATH_INFO": "/who"}
    setup_testing_defaults(environ)
    body = handler(environ, lambda *_: None)
    seen.append(b"".join(body).decode())
    body.close()
pool = connection.pool if connection.settings_dict["OPTIONS"].get("pool") else None
print(json.dumps({
    "connections": len(set(seen)),
    "age": connection.settings_dict["CONN_MAX_AGE"],
    "checked": connection.settings_dict["CONN_HEALTH_CHECKS"],
    "largest": pool.max_size if pool else 0,
}))
connection.close()
if pool:
    pool.close()
"""


@pytest.fixture
def served():
    """Five requests of one thread: how many connections they took, and how those were made."""

    def run(url, engine, options=None, sizes=None, ages=None):
        told = json.dumps([url, engine, options or {}, sizes or {}, ages or {}])
        (line,) = printed(PROGRAM, told)
        return json.loads(line)

    return run


def test_without_a_word_django_opens_one_for_each_request(served, postgres):
    found = served(postgres, "postgresql")
    assert (found["connections"], found["age"], found["largest"]) == (5, 0, 0)


def test_with_an_age_they_stay_open_and_are_checked(served, postgres):
    found = served(postgres, "postgresql", ages={"default": 600.0})
    assert (found["connections"], found["age"], found["checked"]) == (1, 600, True)


@pooling
def test_with_a_size_there_is_a_pool(served, postgres):
    found = served(postgres, "postgresql", sizes={"default": 2})
    assert (found["age"], found["largest"]) == (0, 2)
    assert found["connections"] <= 2


@pooling
def test_a_pool_that_is_there_gets_the_size_and_keeps_what_else_it_was_given(served, postgres):
    found = served(
        postgres, "postgresql", {"pool": {"min_size": 1, "max_size": 4}}, {"postgres": 3}
    )
    assert found["largest"] == 3
    assert found["connections"] <= 3
    aged = served(postgres, "postgresql", {"pool": True}, ages={"default": 60.0})
    assert aged["age"] == 0


def test_a_database_without_a_pool_is_aged_by_its_name_alone(served, tmp_path):
    url = str(tmp_path / "shop.sqlite3")
    found = served(url, "sqlite3", sizes={"default": 5}, ages={"other": 60.0})
    assert (found["age"], found["largest"]) == (0, 0)
    assert served(url, "sqlite3", ages={"shop": 60.0})["age"] == 60


@pooling
def test_a_connection_that_requests_share_is_recorded_as_a_pool_s(postgres):
    """The pool of Django's is psycopg's, and what is measured of that is measured of this."""
    from surefoot.testing import Receiver

    program = PROGRAM.replace(
        "from django.conf import settings",
        """
from surefoot import telemetry
from surefoot.web import frameworks, wsgi
recorder = telemetry.install(telemetry.Options(records=sys.argv[2], code=("/",)))
frameworks.hook()
from django.conf import settings
""",
        1,
    ).replace("WSGIHandler(), []", "wsgi.Recorded(WSGIHandler(), recorder), []")
    with Receiver() as receiver:
        told = json.dumps([postgres, "postgresql", {}, {"default": 2}, {}])
        printed(program + "recorder.close()", told, receiver.path)
        records = receiver.wait_for_records(5)
    assert {record.route for record in records} == {"/who"}
    for record in records:
        (pool,) = (each for each in record.spends if str(each.resource) == "db.pool")
        assert (pool.count, pool.use_ns > 0) == (1, True)
        (asked,) = (each for each in record.spends if "pg_backend_pid" in each.what)
        assert str(asked.resource) == "db.wait"
