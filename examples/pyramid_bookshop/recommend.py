"""Recommendations: the best books of the same shelf."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from bookshop import answers, ranking
from bookshop.models import Book, Pick


@view_config(route_name="recommendations", request_method="GET", renderer="json")
def recommendations(request: Request) -> dict[str, Any]:
    """Five books of the same category."""
    book_id = int(request.matchdict["book_id"])
    category = request.db.scalar(select(Book.category_id).where(Book.id == book_id))
    if category is None:
        raise HTTPNotFound
    if request.shop.has("slow-recommendation"):
        picks = ranking.by_comparing(_shelf(request.db, category))
    else:
        query = select(Pick.book_id).where(Pick.category_id == category).order_by(Pick.place)
        picks = list(request.db.scalars(query))
    return answers.recommended(book_id, picks)


def _shelf(session: Session, category: int) -> list[ranking.Sales]:
    query = select(Book.id, Book.sold, Book.returned).where(Book.category_id == category)
    return [ranking.Sales(*row) for row in session.execute(query)]
