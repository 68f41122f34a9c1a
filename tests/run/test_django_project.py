"""A Django project's folder is a target: what its settings name is found and served."""

from __future__ import annotations

import pytest

from programs import printed
from surefoot.errors import TargetError

MANAGE = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
SETTINGS = """
SECRET_KEY = "only of this test"
ROOT_URLCONF = "shop.urls"
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = []
"""
URLS = """
from django.http import HttpResponse
from django.conf import settings
from django.urls import include, path, re_path
from django.views import View
from django.views.decorators.http import require_http_methods
class Book(View):
    def get(self, request, pk): ...
    def delete(self, request, pk): ...
@require_http_methods(["PUT"])
def put(request): ...
def form(request):
    if request.method == "POST": ...
def page(request, slug): return HttpResponse(settings.SECRET_KEY)
def named(request): return HttpResponse(settings.SETTINGS_MODULE)
urlpatterns = [
    path("books/<int:pk>/", Book.as_view(), name="book"),
    path("shelf/", include([path("put", put), path("form", form)])),
    re_path(r"^pages/(?P<slug>[-\\w]+)/$", page, name="page"),
    path("named", named),
]
"""
HANDLER = """
import os
from django.core.{kind} import get_{kind}_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.{settings}")
application = get_{kind}_application()
"""


@pytest.fixture
def project(tmp_path):
    """A project as ``startproject`` makes it."""
    (tmp_path / "manage.py").write_text(MANAGE)
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "__init__.py").touch()
    (shop / "settings.py").write_text(f'{SETTINGS}WSGI_APPLICATION = "shop.wsgi.application"\n')
    (shop / "urls.py").write_text(URLS)
    (shop / "wsgi.py").write_text(HANDLER.format(kind="wsgi", settings="settings"))
    (shop / "asgi.py").write_text(HANDLER.format(kind="asgi", settings="settings"))
    return tmp_path


def test_it_is_found_and_described(project, found):
    application, _ = found(project)
    assert application.target == "shop.wsgi:application"
    assert (application.interface, application.framework) == ("wsgi", "django")
    assert application.framework_version.split(".")[0].isdigit()
    assert application.code == (str(project), "shop")
    routes = {(route.method, route.template): route for route in application.routes}
    assert set(routes) == {
        ("GET", "/books/<int:pk>/"),
        ("DELETE", "/books/<int:pk>/"),
        ("PUT", "/shelf/put"),
        ("GET", "/shelf/form"),
        ("POST", "/shelf/form"),
        ("GET", "/pages/<slug>/"),
        ("GET", "/named"),
    }
    assert routes["GET", "/books/<int:pk>/"].rule_parameters == (("pk", "int"),)
    assert routes["GET", "/books/<int:pk>/"].endpoint == "book"


def test_debug_mode_is_seen(project, found):
    assert not found(project)[0].debug
    with (project / "shop" / "settings.py").open("a") as file:
        file.write("DEBUG = True\n")
    assert found(project)[0].debug


def test_it_is_named_by_its_folder_or_its_manage_py(project, found):
    for target in (".", "manage.py", str(project), "shop/../manage.py"):
        assert found(project, {"app.target": target})[0].target == "shop.wsgi:application"


def test_asgi_application_is_preferred_as_only_who_wants_it_sets_it(project, found):
    with (project / "shop" / "settings.py").open("a") as file:
        file.write('ASGI_APPLICATION = "shop.asgi.application"\n')
    application, _ = found(project)
    assert (application.target, application.interface) == ("shop.asgi:application", "asgi")


def test_settings_that_name_no_application_are_served_by_django_s_own_handler(project, found):
    (project / "shop" / "settings.py").write_text(SETTINGS)
    (project / "shop" / "wsgi.py").unlink()
    application, _ = found(project)
    assert application.target == "django.core.wsgi:get_wsgi_application()"
    assert application.environment["DJANGO_SETTINGS_MODULE"] == "shop.settings"
    assert application.code == (str(project), "shop")


def test_wsgi_py_s_own_settings_are_served_unless_others_are_named(project, found):
    (project / "shop" / "live.py").write_text(f"{SETTINGS}ROOT_URLCONF = 'shop.live_urls'\n")
    (project / "shop" / "live_urls.py").write_text("urlpatterns = []\n")
    (project / "shop" / "wsgi.py").write_text(HANDLER.format(kind="wsgi", settings="live"))
    assert found(project)[0].routes == ()
    assert "DJANGO_SETTINGS_MODULE" not in found(project)[0].environment
    application, _ = found(project, {"app.target": "manage.py#shop.settings"})
    assert application.routes
    assert application.environment["DJANGO_SETTINGS_MODULE"] == "shop.settings"
    assert found(project, DJANGO_SETTINGS_MODULE="shop.settings")[0].routes


def test_an_env_file_may_name_the_settings(project, found):
    (project / "shop" / "live.py").write_text(SETTINGS.replace("urls", "none"))
    (project / "shop" / "none.py").write_text("urlpatterns = []\n")
    (project / "live.env").write_text("DJANGO_SETTINGS_MODULE=shop.live\n")
    assert found(project, {"app.env_file": "live.env"})[0].routes == ()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("manage.py#shop.absent", "there are no settings shop.absent"),
        ("manage.py#shop absent", "is not a target"),
        ("absent/manage.py#shop.settings", "there is no file"),
    ],
)
def test_what_is_not_there_is_said_plainly(project, found, target, said):
    with pytest.raises(TargetError) as caught:
        found(project, {"app.target": target})
    assert said in str(caught.value)


def test_a_manage_py_without_settings_is_refused_with_what_to_do(tmp_path, found):
    (tmp_path / "manage.py").write_text("app = object()\n")
    with pytest.raises(TargetError, match="names no settings of Django"):
        found(tmp_path, {"app.target": "manage.py"})


def test_a_server_of_one_s_own_serves_the_project(project):
    (project / "surefoot.toml").write_text('[app]\ntarget = "manage.py#shop.settings"\n')
    program = """
from surefoot.web.entry import wsgi
from wsgiref.util import setup_testing_defaults
environ = {"PATH_INFO": "/named"}
setup_testing_defaults(environ)
print(b"".join(wsgi(environ, lambda status, headers: print(status))).decode())
"""
    assert printed(program, directory=project) == ["200 OK", "shop.settings"]
