"""Django under a server of one's own: an entry of INSTALLED_APPS puts surefoot.toml in force."""

from __future__ import annotations

import pytest

from programs import printed

SETTINGS = """
SECRET_KEY = "only of this test"
ROOT_URLCONF = "shop.urls"
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}}
INSTALLED_APPS = []
INSTALLED_APPS += ["surefoot.web.django"]
"""
URLS = """
from django.db import connection
from django.http import HttpResponse
from django.urls import path
def book(request, number):
    age = connection.settings_dict["CONN_MAX_AGE"]
    return HttpResponse(f"book {number}, {age}, {'x' * 500}", content_type="text/plain")
urlpatterns = [path("books/<int:number>", book)]
"""
HANDLER = """
import os
from django.core.{kind} import get_{kind}_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_{kind}_application()
"""
CONFIGURATION = """
[app]
target = "shop.wsgi:application"
[response]
compress = true
[cache]
status = true
[[cache.response]]
route = "GET /books/<int:number>"
ttl = "1m"
[database.default]
max_age = "5m"
"""
WSGI = """
import gzip, sys
from wsgiref.util import setup_testing_defaults
from {module} import {name} as application
for _ in range(2):
    environ = {{"PATH_INFO": "/books/7", "HTTP_ACCEPT_ENCODING": "gzip"}}
    setup_testing_defaults(environ)
    told = []
    body = application(environ, lambda status, headers: told.extend(headers))
    data = b"".join(body)
    getattr(body, "close", lambda: None)()
    told = [(name.lower(), value) for name, value in told]
    names = [name for name, _ in told]
    print(names.count("cache-status"), dict(told).get("cache-status"), "age" in names,
          gzip.decompress(data)[:12].decode())
"""
ASGI = """
import asyncio, gzip, inspect
from shop.asgi import application
assert inspect.iscoroutinefunction(application.__call__)
scope = {
    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
    "scheme": "http", "path": "/books/7", "raw_path": b"/books/7", "root_path": "",
    "query_string": b"", "client": ("127.0.0.1", 1), "server": ("h", 80),
    "headers": [(b"host", b"h"), (b"accept-encoding", b"gzip")],
}
async def ask():
    asked, sent = iter([{"type": "http.request", "body": b"", "more_body": False}]), []
    async def receive():
        for message in asked:
            return message
        await asyncio.Event().wait()
    async def send(message):
        sent.append(message)
    await application(dict(scope), receive, send)
    names = [name.lower() for name, _ in sent[0]["headers"]]
    told = {name.lower(): value.decode() for name, value in sent[0]["headers"]}
    data = b"".join(message.get("body", b"") for message in sent)
    print(names.count(b"cache-status"), told.get(b"cache-status"), b"age" in names,
          gzip.decompress(data)[:12].decode())
async def both():
    await ask()
    await ask()
asyncio.run(both())
"""


@pytest.fixture
def ask(tmp_path):
    """The lines that a program in a project prints."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "__init__.py").touch()
    (shop / "settings.py").write_text(SETTINGS)
    (shop / "urls.py").write_text(URLS)
    for kind in ("wsgi", "asgi"):
        (shop / f"{kind}.py").write_text(HANDLER.format(kind=kind))
    (tmp_path / "surefoot.toml").write_text(CONFIGURATION)
    return lambda program: printed(program, directory=tmp_path)


@pytest.mark.parametrize(
    "program",
    [
        WSGI.format(module="shop.wsgi", name="application"),
        # Served by Surefoot's own entry it is in force once, not twice.
        WSGI.format(module="surefoot.web.entry", name="wsgi"),
        ASGI,
    ],
    ids=["wsgi", "entry", "asgi"],
)
def test_what_is_configured_is_in_force_once(ask, program):
    first, second = ask(program)
    assert first == "1 surefoot; fwd=uri-miss; stored False book 7, 300,"
    assert second.startswith("1 surefoot; hit")
    assert second.endswith(" True book 7, 300,")


def test_a_command_is_left_alone(ask):
    program = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
import django, sys
django.setup()
from django.apps import apps
print(apps.get_app_config("surefoot").name, "surefoot.web.responses.wsgi" in sys.modules)
"""
    assert ask(program) == ["surefoot.web.django False"]
