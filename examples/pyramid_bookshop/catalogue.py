"""Books: the list, one book, the search."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from bookshop import answers
from bookshop.models import Book


@view_config(route_name="home", request_method="GET")
def home(_: Request) -> Response:
    """Links to everything."""
    return Response(answers.HOME)


@view_config(route_name="books", request_method="GET", renderer="json")
def books(request: Request) -> dict[str, Any]:
    """Forty books with their authors."""
    page = max(1, _number(request.params.get("page")))
    first = (page - 1) * answers.PAGE
    query = select(Book).where(Book.id > first).order_by(Book.id).limit(answers.PAGE)
    if not request.shop.has("n-plus-one"):
        query = query.options(joinedload(Book.author), selectinload(Book.reviews))
    rows = []
    for book in request.db.scalars(query):
        rows.append(answers.listed(book, book.author, book.reviews))  # noqa: PERF401 - each row asks the database, which a line of its own shows
    return {"page": page, "books": rows}


@view_config(route_name="book", request_method="GET", renderer="json")
def book(request: Request) -> dict[str, Any]:
    """One book with all that is known of it."""
    related = (joinedload(Book.author), joinedload(Book.category), selectinload(Book.reviews))
    found = request.db.get(Book, int(request.matchdict["book_id"]), options=related)
    if found is None:
        raise HTTPNotFound
    return answers.shown(found)


@view_config(route_name="search", request_method="GET", renderer="json")
def search(request: Request) -> dict[str, Any]:
    """How many books have exactly this title, whatever its case, and the first forty."""
    key = answers.search_key(request.params.get("q", ""))
    column = Book.title_key if request.shop.has("unindexed-search") else Book.title_indexed
    matching = select(Book).where(column == key)
    counting = select(func.count()).select_from(Book).where(column == key)
    total = request.db.scalar(counting) or 0
    first = request.db.scalars(matching.order_by(Book.id).limit(answers.PAGE))
    return answers.found(key, total, first)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 1
