"""Books: the list, one book, the search."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from bookshop import answers
from bookshop.models import Author, Book, Review
from fastapi_bookshop.shop import Here

views = APIRouter()


@views.get("/", response_class=HTMLResponse)
async def home() -> str:
    """Links to everything."""
    return answers.HOME


@views.get("/books")
async def books(here: Here, page: int = 1) -> dict[str, Any]:
    """Forty books with their authors."""
    page = max(1, page)
    first = (page - 1) * answers.PAGE
    query = select(Book).where(Book.id > first).order_by(Book.id).limit(answers.PAGE)
    async with here.session() as session:
        if here.has("n-plus-one"):
            rows = await _one_by_one(session, (await session.scalars(query)).all())
        else:
            query = query.options(joinedload(Book.author), selectinload(Book.reviews))
            found = (await session.scalars(query)).all()
            rows = [answers.listed(book, book.author, book.reviews) for book in found]
    return {"page": page, "books": rows}


async def _one_by_one(session: AsyncSession, found: Any) -> list[dict[str, Any]]:
    rows = []
    for book in found:
        author = await session.get_one(Author, book.author_id)
        reviews = select(Review).where(Review.book_id == book.id).order_by(Review.id)
        rows.append(answers.listed(book, author, (await session.scalars(reviews)).all()))
    return rows


@views.get("/books/{book_id}")
async def book(here: Here, book_id: int) -> dict[str, Any]:
    """One book with all that is known of it."""
    related = (joinedload(Book.author), joinedload(Book.category), selectinload(Book.reviews))
    async with here.session() as session:
        found = await session.get(Book, book_id, options=related)
        if found is None:
            raise HTTPException(404)
        return answers.shown(found)


@views.get("/search")
async def search(here: Here, q: str = "") -> dict[str, Any]:
    """How many books have exactly this title, whatever its case, and the first forty."""
    key = answers.search_key(q)
    column = Book.title_key if here.has("unindexed-search") else Book.title_indexed
    matching = select(Book).where(column == key)
    counting = select(func.count()).select_from(Book).where(column == key)
    async with here.session() as session:
        total = await session.scalar(counting) or 0
        first = await session.scalars(matching.order_by(Book.id).limit(answers.PAGE))
        return answers.found(key, total, first)
