"""The application factory: ``flask_bookshop.app:create_app()``."""

from __future__ import annotations

from typing import Any

import httpx
from flask import Flask

from bookshop import settings
from flask_bookshop import catalogue, orders, recommend, shop, upstream, visits


def create_app(**given: Any) -> Flask:
    """A bookshop.

    Args:
        given: ``faults_in``, ``database_url``, ``services``, ``mail``; else the environment's.

    Raises:
        ValueError: A fault or a database is unknown.
    """
    app = Flask("flask_bookshop")
    app.extensions["bookshop"] = shop.build(settings.read(**given))
    for part in (catalogue, recommend, upstream, orders, visits):
        app.register_blueprint(part.views)
    app.register_error_handler(404, lambda _: ({"error": "no such page"}, 404))
    app.register_error_handler(httpx.HTTPError, _no_answer)
    return app


def _no_answer(error: Exception) -> tuple[dict[str, str], int]:
    return {"error": f"a service did not answer: {type(error).__name__}"}, 502
