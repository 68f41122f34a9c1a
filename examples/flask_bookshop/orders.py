"""Orders: written to the database and confirmed by mail."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request
from sqlalchemy import select

from bookshop import answers, mail
from bookshop.models import Book, Purchase
from flask_bookshop import shop

views = Blueprint("orders", __name__)


@views.post("/orders")
def order() -> tuple[dict[str, Any], int]:
    """Take an order: ``{"book": 7, "copies": 1, "email": "reader@example.org"}``."""
    wish = request.get_json()
    try:
        book_id, copies, email = int(wish["book"]), int(wish["copies"]), str(wish["email"])
    except (KeyError, TypeError, ValueError):
        abort(422)
    with shop.current().session() as session:
        title = session.scalar(select(Book.title).where(Book.id == book_id)) or abort(404)
        session.add(Purchase(book_id=book_id, copies=copies, email=email))
        session.commit()
    message = mail.confirmation(email, title, copies)
    if shop.current().has("mail-in-request"):
        mail.send(shop.current().settings.mail, message)
    else:
        shop.current().outbox.put(message)
    return answers.ordered(title, copies), 201
