"""URL patterns become templates, and views tell their methods."""

from __future__ import annotations

import pytest
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path, re_path
from django.views import View
from django.views.decorators.http import require_GET, require_http_methods
from django.views.generic import TemplateView
from hypothesis import given
from hypothesis import strategies as st

from surefoot.web.django.methods import methods
from surefoot.web.django.patterns import joined, parameters, template


@pytest.mark.parametrize(
    ("route", "found"),
    [
        ("", "/"),
        ("books/<int:pk>/", "/books/<int:pk>/"),
        ("v1.0/c++/<slug:name>", "/v1.0/c++/<slug:name>"),
        (r"^books/(?P<pk>[0-9]+)/$", "/books/<int:pk>/"),
        (r"^books/(?P<pk>\d{1,6})/?$", "/books/<int:pk>"),
        (r"^(?P<rest>.*)$", "/<path:rest>"),
        (r"^tags/(?P<tag>[^/.]+)\.(?P<format>json|xml)\Z", "/tags/<tag>.<format>"),
        (r"^pages/(\w+)/[a-z]+/\d+$", "/pages/<var>/<var>/<var>"),
        (r"^a(?:/b)?/(?:x|y)/(?=z)z$", "/a/b/<var>/z"),
        (r"^files/.+$", "/files/<var>"),
        (r"v1/<int:year>/^(?P<slug>[-\w]+)$".replace("^", ""), "/v1/<int:year>/<slug>"),
        (r"^odd/(?P<x>[\]\)(]+)/$", "/odd/<x>/"),
        (r"^twice/(?P<a>\d+)-(?P=a)/$", "/twice/<int:a>-/"),
    ],
)
def test_a_route_is_a_template(route, found):
    assert template(route) == found


def test_what_is_included_is_joined_as_django_joins_it():
    assert joined("", "^books/$") == "^books/$"
    assert joined("api/", "^books/$") == "api/books/$"
    assert joined("^api/", "books") == "^api/books"


def test_parameters_have_their_kinds():
    found = parameters("/a/<int:x>/<y>/<path:z>/<own:w>")
    assert found == [["x", "int"], ["y", "str"], ["z", "path"], ["w", "own"]]


@given(st.text(st.sampled_from("ab/^$()[]\\?+*.{}|<>:P=1!d"), max_size=30))
def test_no_route_is_too_odd_to_be_named(route):
    assert template(route).startswith("/")


NAMES = st.from_regex(r"[a-z]\w{0,5}", fullmatch=True)


@given(st.lists(st.tuples(NAMES, st.sampled_from([r"\d+", "[^/]+", r"[-\w]+", ".*"])), max_size=4))
def test_every_named_group_is_a_parameter(groups):
    names = list(dict.fromkeys(name for name, _ in groups))
    text = "".join(f"(?P<{name}>{dict(groups)[name]})/" for name in names)
    assert [name for name, _ in parameters(template(f"^x/{text}$"))] == names


# --- Methods --------------------------------------------------------------------------------------


class Books(View):
    def get(self, request): ...

    def post(self, request): ...


class Book(Books):
    http_method_names = ("get", "put")

    def put(self, request): ...


def plain(request):
    return HttpResponse("page")


def form(request):
    return HttpResponse(request.POST.get("name"))


async def awaited(request):
    return HttpResponse(request.method)


class Callable:
    def __call__(self, request): ...


@pytest.mark.parametrize(
    ("view", "found"),
    [
        (Books.as_view(), ["GET", "POST"]),
        (Book.as_view(), ["GET", "PUT"]),
        (TemplateView.as_view(), ["GET"]),
        (login_required(Books.as_view()), ["GET", "POST"]),
        (require_GET(plain), ["GET"]),
        (login_required(require_http_methods(["PUT", "PATCH"])(plain)), ["PATCH", "PUT"]),
        (plain, ["GET"]),
        (form, ["GET", "POST"]),
        (login_required(form), ["GET", "POST"]),
        (awaited, ["GET", "POST"]),
        (Callable(), ["GET"]),
    ],
)
def test_a_view_tells_its_methods_as_far_as_it_can(view, found):
    assert methods(view) == found


def test_view_sets_of_the_rest_framework_tell_theirs():
    rest = pytest.importorskip("rest_framework")
    assert rest.VERSION
    from rest_framework import decorators, viewsets

    class Shelf(viewsets.ViewSet):
        def list(self, request): ...

        def create(self, request): ...

    @decorators.api_view(["POST", "DELETE"])
    def act(request): ...

    assert methods(Shelf.as_view({"get": "list", "post": "create"})) == ["GET", "POST"]
    assert methods(Shelf.as_view({"get": "list"})) == ["GET"]
    assert methods(act) == ["DELETE", "POST"]


def test_the_routes_of_an_urlconf_have_the_names_that_requests_are_recorded_under():
    from types import ModuleType

    from django.test import override_settings
    from django.urls import include, resolve

    from surefoot.web.django.framework import DJANGO

    urls = ModuleType("urls")
    inner = [re_path(r"^(?P<pk>\d+)\.(?P<format>[a-z]+)$", plain), path("<slug:slug>/", plain)]
    urls.urlpatterns = [path("api/", include(inner)), re_path("^old/", include(inner))]
    with override_settings(ROOT_URLCONF=urls):
        listed = {route["template"] for route in DJANGO.routes(None)}
        asked = ["/api/7.json", "/api/x/", "/old/7.json", "/old/x/"]
        assert {template(resolve(each).route) for each in asked} == listed


def test_django_is_seen_behind_a_dispatcher_by_protocol():
    from django.core.handlers.asgi import ASGIHandler

    from surefoot.web.application import framework_object

    class Router:
        def __init__(self, mapping):
            self.application_mapping = mapping

        async def __call__(self, scope, receive, send): ...

    framework, made = framework_object(Router({"http": ASGIHandler(), "websocket": plain}))
    assert framework is not None
    assert framework.name == "django"
    assert isinstance(made, ASGIHandler)
