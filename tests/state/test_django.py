"""What Django keeps in one process is found: what views keep, and what settings make it keep."""

from __future__ import annotations

import pytest

MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
SETTINGS = """
    SECRET_KEY = "only of this test"
    ALLOWED_HOSTS = ["*"]
    ROOT_URLCONF = "shop.urls"
    WSGI_APPLICATION = "shop.wsgi.application"
    MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
    INSTALLED_APPS = ["django.contrib.sessions"]
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    """
WSGI = """
    from django.core.wsgi import get_wsgi_application
    import os
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
    """
URLS = """
    from django.urls import path
    from shop import views
    urlpatterns = [
        path("count", views.count),
        path("limited", views.limited),
        path("login", views.login),
        path("me", views.me),
        path("plain/<int:number>", views.plain),
    ]
    """
VIEWS = """
    from django.core.cache import cache
    from django.http import HttpResponse
    from django.shortcuts import redirect

    COUNT = 0

    def count(request):
        global COUNT
        COUNT += 1
        return HttpResponse(COUNT)

    def limited(request):
        cache.add("asked", 0)
        return HttpResponse(cache.incr("asked"))

    def login(request):
        request.session["name"] = "alice"
        return redirect("/me")

    def me(request):
        return HttpResponse(request.session.get("name", "nobody"))

    def plain(request, number):
        return HttpResponse(number)
    """
PROJECT = {
    "manage.py": MANAGE,
    "shop/__init__.py": "",
    "shop/settings.py": SETTINGS,
    "shop/wsgi.py": WSGI,
    "shop/urls.py": URLS,
    "shop/views.py": VIEWS,
}
SESSION = {
    "session": [
        {
            "request": [
                {"method": "POST", "path": "/login", "expect": 302},
                {"path": "/me"},
            ]
        }
    ]
}


def line_of(text):
    lines = VIEWS.splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def where(report):
    return [(finding.file, finding.line) for finding in report.findings]


def asking(*paths):
    return {"request": [{"path": path} for path in paths]}


def with_settings(more):
    return PROJECT | {"shop/settings.py": SETTINGS + more}


def test_a_counter_in_a_module_is_named(check):
    report = check(PROJECT, asking("/count"))
    assert where(report) == [("shop/views.py", line_of("COUNT += 1"))]


def test_an_application_that_keeps_its_sessions_in_cookies_is_safe(check):
    assert check(PROJECT, asking("/plain/1") | SESSION).safe


def test_a_rate_limit_in_the_local_memory_cache_is_named(check):
    report = check(PROJECT, asking("/limited"))
    assert where(report) == [("shop/views.py", line_of('cache.add("asked", 0)'))]


@pytest.mark.parametrize("engine", ["cache", "file"])
def test_sessions_that_one_process_keeps_are_named(check, engine):
    report = check(
        with_settings(f'SESSION_ENGINE = "django.contrib.sessions.backends.{engine}"'), SESSION
    )
    (finding,) = report.findings
    assert finding.file == "shop/settings.py"
    assert finding.line == SETTINGS.count("\n") + 1
    assert not report.safe
