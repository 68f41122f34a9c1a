"""Applications that a PasteDeploy file describes: found, loaded and served as pserve does it."""

from __future__ import annotations

import signal
import sys
import urllib.request

import pytest

from surefoot import config
from surefoot.core.target import Target, parse_target
from surefoot.errors import ConfigError, TargetError
from surefoot.toolbox.search import search
from surefoot.web import paste

SHOP = """
import logging
from pyramid.config import Configurator
from pyramid.response import Response

def main(global_config, **settings):
    config = Configurator(settings=settings)
    config.add_route("item", "/items/{number}")
    def item(request):
        logging.getLogger("shop").warning("item %s", request.matchdict["number"])
        where = global_config.get("town", "nowhere")
        return Response(f"{request.matchdict['number']} of {settings['shop.name']} in {where}")
    config.add_view(item, route_name="item")
    return config.make_wsgi_app()

class Upper:
    def __init__(self, app):
        self.app = app
    def __call__(self, environ, start_response):
        return [part.upper() for part in self.app(environ, start_response)]

def upper(global_config, **settings):
    return Upper

def by_prefix(loader, global_config, **paths):
    apps = {prefix: loader.get_app(name, global_config) for prefix, name in paths.items()}
    def application(environ, start_response):
        for prefix, app in apps.items():
            if environ["PATH_INFO"].startswith(prefix):
                environ["SCRIPT_NAME"] += prefix
                environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(prefix)
                return app(environ, start_response)
        start_response("404 Not Found", [])
        return [b"none"]
    return application
"""
PRODUCTION = """
[DEFAULT]
town = there

[app:main]
paste.app_factory = shop:main
shop.name = the shop

[app:other]
use = main
shop.name = the other shop

[filter:upper]
paste.filter_factory = shop:upper

[pipeline:loud]
pipeline = upper other

[filter-app:filtered]
paste.filter_factory = shop:upper
next = main

[composite:all]
paste.composite_factory = shop:by_prefix
/one = main
/two = loud

[app:broken]
use = egg:nothing-of-the-kind

[server:main]
use = egg:gunicorn#main
workers = 3
threads = 2
keepalive = 5
host = 127.0.0.1
port = 6543

[server:other]
use = egg:waitress#main
threads = 7
"""
LOGGING = """
[loggers]
keys = root, shop

[handlers]
keys = file

[formatters]
keys = plain

[logger_root]
level = ERROR
handlers = file

[logger_shop]
level = INFO
handlers =
qualname = shop

[handler_file]
class = FileHandler
args = (r"%(here)s/shop.log",)
formatter = plain

[formatter_plain]
format = logged %(message)s
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "production.ini").write_text(PRODUCTION)
    return tmp_path


def test_the_words_are_read_and_said_again():
    for text in ("production.ini", "conf/live.ini#main", "production.ini#other one"):
        target = parse_target(text)
        assert target.is_description
        assert str(target) == text
        assert parse_target(str(target)) == target
    assert parse_target("a.ini#b") == Target("", file="a.ini", section="b")


@pytest.mark.parametrize(
    ("section", "framework"),
    [("", "pyramid"), ("#main", "pyramid"), ("#other", "pyramid"), ("#loud", "pyramid"),
     ("#filtered", "pyramid"), ("#all", "")],
)  # fmt: skip
def test_what_a_section_describes_is_found(shop, found, section, framework):
    application, _ = found(shop, {"app.target": f"production.ini{section}"})
    assert application.target == f"production.ini{section}"
    assert (application.interface, application.framework) == ("wsgi", framework)
    assert application.code == (str(shop), "shop")
    routes = [route.template for route in application.routes]
    assert routes == (["/items/{number}"] if framework else [])


def test_it_is_found_where_nothing_is_named(shop, found):
    assert search(shop) == "production.ini"
    assert found(shop)[0].framework == "pyramid"
    (shop / "app.py").write_text("application = object()\n")
    assert search(shop) == "app:application"


def test_a_file_that_describes_no_application_is_none(tmp_path):
    (tmp_path / "production.ini").write_text("[tool]\nname = main\n")
    with pytest.raises(TargetError, match=r"production\.ini"):
        search(tmp_path)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("missing.ini", r"there is no file .*missing\.ini"),
        ("production.ini#none", r"describes no application none"),
        ("production.ini#broken", r"nothing-of-the-kind"),
    ],
)
def test_a_mistake_is_told(shop, found, target, said):
    with pytest.raises(TargetError, match=said) as caught:
        found(shop, {"app.target": target})
    if "#none" in target:
        assert caught.value.do == "name one that it does, as production.ini#main"


def test_without_pastedeploy_it_says_so(shop, monkeypatch):
    monkeypatch.chdir(shop)
    monkeypatch.setitem(sys.modules, "paste.deploy", None)
    with pytest.raises(TargetError, match="needs PasteDeploy"):
        paste.application(parse_target("production.ini"), {})


def test_its_server_s_settings_are_the_base(shop):
    settings = config.load(shop, environ={}, flags={"app.target": "production.ini"})
    server = settings.config.server
    assert (server.replicas, server.threads, server.keep_alive) == (3, 2, 5.0)
    assert settings.sources["server.replicas"] == "production.ini"
    assert settings.config.balancer.listen == "127.0.0.1:8000"
    (shop / "surefoot.toml").write_text(
        '[app]\ntarget = "production.ini#other"\n[server]\nreplicas = 2\n'
    )
    settings = config.load(shop, environ={})
    assert (settings.config.server.replicas, settings.config.server.threads) == (2, 7)


@pytest.mark.parametrize(
    "text",
    ["[server:main]\nuse = egg:Paste#http\nthreads = 9\n", "[server:main]\nthreads = 9\n",
     "[app]\n", "no sections", "[server:main]\nuse = %(nothing)s\n", "\x00\xff"],
)  # fmt: skip
def test_a_server_that_is_not_known_says_nothing(tmp_path, text):
    (tmp_path / "production.ini").write_text(text, encoding="latin-1")
    for name in ("production.ini", "missing.ini"):
        settings = config.load(tmp_path, environ={}, flags={"app.target": name})
        assert settings.config.server == config.Server()


def test_a_setting_that_is_impossible_is_told_with_the_file(tmp_path):
    (tmp_path / "live.ini").write_text("[server:main]\nuse = egg:gunicorn\nworkers = many\n")
    with pytest.raises(ConfigError, match=r'live\.ini: server\.replicas is "many"'):
        config.load(tmp_path, environ={}, flags={"app.target": "live.ini"})


@pytest.mark.parametrize(
    ("target", "path", "body"),
    [
        ("production.ini", "/items/3", "3 of the shop in Rome"),
        ("production.ini#all", "/two/items/3", "3 OF THE OTHER SHOP IN ROME"),
    ],
)
def test_it_is_served_with_its_own_logging(shop, surefoot, free_port, target, path, body):
    (shop / "production.ini").write_text(PRODUCTION + LOGGING)
    (shop / "surefoot.toml").write_text('[app.settings]\ntown = "Rome"\n')
    process = surefoot.start("run", target, "--replicas", "1", "--port", str(free_port))
    for line in process.stdout:
        if "r1.sock" in line:
            break
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}{path}", timeout=20) as answer:
        assert answer.read().decode() == body
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert "logged item 3" in (shop / "shop.log").read_text()
    assert surefoot.left() == []
