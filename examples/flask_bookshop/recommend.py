"""Recommendations: the best books of the same shelf."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort
from sqlalchemy import select
from sqlalchemy.orm import Session

from bookshop import answers, ranking
from bookshop.models import Book, Pick
from flask_bookshop import shop

views = Blueprint("recommend", __name__)


@views.get("/books/<int:book_id>/recommendations")
def recommendations(book_id: int) -> dict[str, Any]:
    """Five books of the same category."""
    with shop.current().session() as session:
        category = session.scalar(select(Book.category_id).where(Book.id == book_id)) or abort(404)
        if shop.current().has("slow-recommendation"):
            picks = ranking.by_comparing(_shelf(session, category))
        else:
            query = select(Pick.book_id).where(Pick.category_id == category).order_by(Pick.place)
            picks = list(session.scalars(query))
    return answers.recommended(book_id, picks)


def _shelf(session: Session, category: int) -> list[ranking.Sales]:
    query = select(Book.id, Book.sold, Book.returned).where(Book.category_id == category)
    return [ranking.Sales(*row) for row in session.execute(query)]
