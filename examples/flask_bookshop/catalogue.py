"""Books: the list, one book, the search."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from bookshop import answers
from bookshop.models import Book
from flask_bookshop import shop

views = Blueprint("catalogue", __name__)


@views.get("/")
def home() -> str:
    """Links to everything."""
    return answers.HOME


@views.get("/books")
def books() -> dict[str, Any]:
    """Forty books with their authors."""
    page = max(1, request.args.get("page", 1, type=int))
    first = (page - 1) * answers.PAGE
    query = select(Book).where(Book.id > first).order_by(Book.id).limit(answers.PAGE)
    if not shop.current().has("n-plus-one"):
        query = query.options(joinedload(Book.author), selectinload(Book.reviews))
    with shop.current().session() as session:
        rows = []
        for book in session.scalars(query):
            rows.append(answers.listed(book, book.author, book.reviews))  # noqa: PERF401 - each row asks the database, which a line of its own shows
        return {"page": page, "books": rows}


@views.get("/books/<int:book_id>")
def book(book_id: int) -> dict[str, Any]:
    """One book with all that is known of it."""
    related = (joinedload(Book.author), joinedload(Book.category), selectinload(Book.reviews))
    with shop.current().session() as session:
        found = session.get(Book, book_id, options=related) or abort(404)
        return answers.shown(found)


@views.get("/search")
def search() -> dict[str, Any]:
    """How many books have exactly this title, whatever its case, and the first forty."""
    key = answers.search_key(request.args.get("q", ""))
    column = Book.title_key if shop.current().has("unindexed-search") else Book.title_indexed
    matching = select(Book).where(column == key)
    counting = select(func.count()).select_from(Book).where(column == key)
    with shop.current().session() as session:
        total = session.scalar(counting) or 0
        first = session.scalars(matching.order_by(Book.id).limit(answers.PAGE))
        return answers.found(key, total, first)
