"""Recommendations: the best books of the same shelf."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bookshop import answers, ranking
from bookshop.models import Book, Pick
from fastapi_bookshop.shop import Here

views = APIRouter()


@views.get("/books/{book_id}/recommendations")
async def recommendations(here: Here, book_id: int) -> dict[str, Any]:
    """Five books of the same category."""
    async with here.session() as session:
        category = await session.scalar(select(Book.category_id).where(Book.id == book_id))
        if category is None:
            raise HTTPException(404)
        if here.has("slow-recommendation"):
            picks = ranking.by_comparing(await _shelf(session, category))
        else:
            query = select(Pick.book_id).where(Pick.category_id == category).order_by(Pick.place)
            picks = list(await session.scalars(query))
    return answers.recommended(book_id, picks)


async def _shelf(session: AsyncSession, category: int) -> list[ranking.Sales]:
    query = select(Book.id, Book.sold, Book.returned).where(Book.category_id == category)
    return [ranking.Sales(*row) for row in await session.execute(query)]
