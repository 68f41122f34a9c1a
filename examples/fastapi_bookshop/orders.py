"""Orders: written to the database and confirmed by mail."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from sqlalchemy import select

from bookshop import answers, mail
from bookshop.models import Book, Purchase
from fastapi_bookshop.shop import Here

views = APIRouter()


class Wish(BaseModel):
    """What an order asks for."""

    book: int
    copies: int
    email: str


@views.post("/orders", status_code=201)
async def order(here: Here, wish: Wish) -> dict[str, Any]:
    """Take an order: ``{"book": 7, "copies": 1, "email": "reader@example.org"}``."""
    async with here.session() as session:
        title = await session.scalar(select(Book.title).where(Book.id == wish.book))
        if title is None:
            raise HTTPException(404)
        session.add(Purchase(book_id=wish.book, copies=wish.copies, email=wish.email))
        await session.commit()
    message = mail.confirmation(wish.email, title, wish.copies)
    if here.has("mail-in-request"):
        await run_in_threadpool(mail.send, here.settings.mail, message)
    else:
        here.outbox.put(message)
    return answers.ordered(title, wish.copies)
