"""The application factory: ``fastapi_bookshop.app:create_app()``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from bookshop import settings
from fastapi_bookshop import catalogue, orders, recommend, shop, upstream, visits


def create_app(**given: Any) -> FastAPI:
    """A bookshop.

    Args:
        given: ``faults_in``, ``database_url``, ``services``, ``mail``; else the environment's.

    Raises:
        ValueError: A fault or a database is unknown.
    """
    app = FastAPI(title="The bookshop", lifespan=_lifespan)
    app.state.shop = shop.build(settings.read(**given))
    for part in (catalogue, recommend, upstream, orders, visits):
        app.include_router(part.views)
    app.add_exception_handler(404, _not_found)
    app.add_exception_handler(httpx.HTTPError, _no_answer)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await app.state.shop.close()


async def _not_found(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"error": "no such page"}, 404)


async def _no_answer(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": f"a service did not answer: {type(error).__name__}"}, 502)
