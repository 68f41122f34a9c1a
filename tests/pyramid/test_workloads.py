"""Addresses that people asked for are grouped by Pyramid's routes."""

from __future__ import annotations

import pytest

from surefoot.toolbox.target import Route
from surefoot.toolbox.workloads.paths import by_routes
from surefoot.web.pyramid.patterns import parameters


def route(template):
    found = tuple((name, kind) for name, kind in parameters(template))
    return Route("GET", template, found, "")


ROUTES = [
    # Takes whatever is of no version yet.
    r"/{path:(?!v[0-9]+)[^\r\n]*}", r"/v1/years/{year:\d{4}}/{month:\d+}", "/v1/files/*path",
    "/v1/items/{number}.json", r"/v1/{word:(?P<twice>\w)(?P=twice)}", "/v1/*Book/edit",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "texts", "values"),
    [
        ("/anything/else", ("/", ""), ("anything/else",)),
        ("/v1/years/2026/8", ("/v1/years/", "/", ""), ("2026", "8")),
        ("/v1/files/a/b%20c.txt", ("/v1/files/", ""), ("a/b%20c.txt",)),
        ("/v1/items/3.json", ("/v1/items/", ".json"), ("3",)),
        ("/v1/ab", ("/v1/", ""), ("ab",)),
        ("/v1/shelf/book/edit", ("/v1/", "/edit"), ("shelf/book",)),
    ],
)
def test_an_address_is_cut_where_its_route_varies(path, texts, values):
    placed = by_routes([route(template) for template in ROUTES])("GET", path)
    assert (placed.texts, placed.values) == (texts, values)


def test_what_no_route_takes_is_no_page():
    place = by_routes([route(template) for template in ROUTES])
    assert [place("GET", path) for path in ("/v1/years/26/8", "/v2/a/b")] == [None, None]
