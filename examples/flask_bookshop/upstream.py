"""Pages that wait for somebody else's service: price, delivery, stock."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from sqlalchemy import select

from bookshop.models import Book
from flask_bookshop import shop

views = Blueprint("upstream", __name__)


@views.get("/books/<int:book_id>/price")
def price(book_id: int) -> dict[str, Any]:
    """What the book costs, in pence."""
    with shop.current().session() as session:
        title = session.scalar(select(Book.title).where(Book.id == book_id)) or abort(404)
    if shop.current().has("slow-price"):
        pence = _ask(f"/prices/{book_id}")["pence"]
    else:
        pence = _price_list()[book_id - 1]
    return {"title": title, "pence": pence}


@views.get("/books/<int:book_id>/delivery")
def delivery(book_id: int) -> dict[str, Any]:
    """How many days the delivery takes; the connection is held until that is known."""
    with shop.current().session() as session:
        title = session.scalar(select(Book.title).where(Book.id == book_id)) or abort(404)
        days = _ask(f"/delivery/{book_id}")["days"]
        return {"title": title, "days": days}


@views.get("/stock/<int:book_id>")
def stock(book_id: int) -> dict[str, Any]:
    """How many copies the warehouse has."""
    if shop.current().has("lock-across-wait"):
        with shop.current().stock_lock:
            copies = _ask(f"/stock/{book_id}")["copies"]
    else:
        copies = _ask(f"/stock/{book_id}")["copies"]
    return {"book": book_id, "copies": copies}


def _ask(path: str) -> Any:
    return shop.current().services.get(path).raise_for_status().json()


def _price_list() -> list[int]:
    here = shop.current()
    if not here.prices:
        here.prices = _ask("/prices")
    return here.prices
