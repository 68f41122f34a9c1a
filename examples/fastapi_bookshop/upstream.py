"""Pages that wait for somebody else's service: price, delivery, stock."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bookshop.models import Book
from fastapi_bookshop.shop import Here, Shop

views = APIRouter()


@views.get("/books/{book_id}/price")
async def price(here: Here, book_id: int) -> dict[str, Any]:
    """What the book costs, in pence."""
    async with here.session() as session:
        title = await _title(session, book_id)
    if here.has("slow-price"):
        pence = (await _ask(here, f"/prices/{book_id}"))["pence"]
    else:
        pence = (await _price_list(here))[book_id - 1]
    return {"title": title, "pence": pence}


@views.get("/books/{book_id}/delivery")
async def delivery(here: Here, book_id: int) -> dict[str, Any]:
    """How many days the delivery takes; the connection is held until that is known."""
    async with here.session() as session:
        title = await _title(session, book_id)
        if here.has("blocking-call"):
            days = here.blocking.get(f"/delivery/{book_id}").raise_for_status().json()["days"]
        else:
            days = (await _ask(here, f"/delivery/{book_id}"))["days"]
    return {"title": title, "days": days}


@views.get("/stock/{book_id}")
async def stock(here: Here, book_id: int) -> dict[str, Any]:
    """How many copies the warehouse has."""
    if here.has("lock-across-wait"):
        async with here.stock_lock:
            copies = (await _ask(here, f"/stock/{book_id}"))["copies"]
    else:
        copies = (await _ask(here, f"/stock/{book_id}"))["copies"]
    return {"book": book_id, "copies": copies}


async def _title(session: AsyncSession, book_id: int) -> str:
    title = await session.scalar(select(Book.title).where(Book.id == book_id))
    if title is None:
        raise HTTPException(404)
    return title


async def _ask(here: Shop, path: str) -> Any:
    answer = await here.services.get(path)
    return answer.raise_for_status().json()


async def _price_list(here: Shop) -> list[int]:
    if not here.prices:
        here.prices = await _ask(here, "/prices")
    return here.prices
