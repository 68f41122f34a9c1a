"""The application factory: ``pyramid_bookshop.app:create_app()``."""

from __future__ import annotations

from typing import Any

import httpx
import pyramid_tm
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.router import Router
from pyramid.view import exception_view_config, notfound_view_config

from bookshop import settings
from pyramid_bookshop import shop

ROUTES = {
    "home": "/",
    "books": "/books",
    "book": r"/books/{book_id:\d+}",
    "search": "/search",
    "recommendations": r"/books/{book_id:\d+}/recommendations",
    "price": r"/books/{book_id:\d+}/price",
    "delivery": r"/books/{book_id:\d+}/delivery",
    "stock": r"/stock/{book_id:\d+}",
    "orders": "/orders",
    "visits": "/visits",
}


def create_app(**given: Any) -> Router:
    """A bookshop.

    Args:
        given: ``faults_in``, ``database_url``, ``services``, ``mail``; else the environment's.

    Raises:
        ValueError: A fault or a database is unknown.
    """
    config = Configurator(settings={"tm.manager_hook": pyramid_tm.explicit_manager})
    config.include("pyramid_tm")
    here = shop.build(settings.read(**given))
    config.add_request_method(lambda _: here, "shop", property=True)
    config.add_request_method(shop.session, "db", reify=True)
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    config.scan("pyramid_bookshop")
    return config.make_wsgi_app()


@notfound_view_config(renderer="json")
def not_found(request: Request) -> dict[str, str]:
    """The answer to an address that is none."""
    request.response.status = 404
    return {"error": "no such page"}


@exception_view_config(httpx.HTTPError, renderer="json")
def no_answer(error: Exception, request: Request) -> dict[str, str]:
    """The answer where somebody else's service gave none."""
    request.response.status = 502
    return {"error": f"a service did not answer: {type(error).__name__}"}
