"""Pages that wait for somebody else's service: price, delivery, stock."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from bookshop.models import Book


@view_config(route_name="price", request_method="GET", renderer="json")
def price(request: Request) -> dict[str, Any]:
    """What the book costs, in pence."""
    book_id, title = _book(request)
    # Whoever waits for somebody else holds no connection meanwhile.
    request.db.close()
    if request.shop.has("slow-price"):
        pence = _ask(request, f"/prices/{book_id}")["pence"]
    else:
        pence = _price_list(request)[book_id - 1]
    return {"title": title, "pence": pence}


@view_config(route_name="delivery", request_method="GET", renderer="json")
def delivery(request: Request) -> dict[str, Any]:
    """How many days the delivery takes; the connection is held until that is known."""
    book_id, title = _book(request)
    days = _ask(request, f"/delivery/{book_id}")["days"]
    return {"title": title, "days": days}


@view_config(route_name="stock", request_method="GET", renderer="json")
def stock(request: Request) -> dict[str, Any]:
    """How many copies the warehouse has."""
    book_id = int(request.matchdict["book_id"])
    if request.shop.has("lock-across-wait"):
        with request.shop.stock_lock:
            copies = _ask(request, f"/stock/{book_id}")["copies"]
    else:
        copies = _ask(request, f"/stock/{book_id}")["copies"]
    return {"book": book_id, "copies": copies}


def _book(request: Request) -> tuple[int, str]:
    book_id = int(request.matchdict["book_id"])
    title = request.db.scalar(select(Book.title).where(Book.id == book_id))
    if title is None:
        raise HTTPNotFound
    return book_id, title


def _ask(request: Request, path: str) -> Any:
    return request.shop.services.get(path).raise_for_status().json()


def _price_list(request: Request) -> list[int]:
    here = request.shop
    if not here.prices:
        here.prices = _ask(request, "/prices")
    prices: list[int] = here.prices
    return prices
