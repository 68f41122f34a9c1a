"""Orders: written to the database and confirmed by mail."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPUnprocessableEntity
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from bookshop import answers, mail
from bookshop.models import Book, Purchase


@view_config(route_name="orders", request_method="POST", renderer="json")
def order(request: Request) -> dict[str, Any]:
    """Take an order: ``{"book": 7, "copies": 1, "email": "reader@example.org"}``."""
    wish = request.json_body
    try:
        book_id, copies, email = int(wish["book"]), int(wish["copies"]), str(wish["email"])
    except (KeyError, TypeError, ValueError):
        raise HTTPUnprocessableEntity from None
    title = request.db.scalar(select(Book.title).where(Book.id == book_id))
    if title is None:
        raise HTTPNotFound
    request.db.add(Purchase(book_id=book_id, copies=copies, email=email))
    message = mail.confirmation(email, title, copies)
    # An order that is not taken is not confirmed.
    request.tm.get().addAfterCommitHook(_confirm, (request, message))
    request.response.status = 201
    return answers.ordered(title, copies)


def _confirm(taken: bool, request: Request, message: EmailMessage) -> None:  # noqa: FBT001 - as transactions call it
    if not taken:
        return
    if request.shop.has("mail-in-request"):
        mail.send(request.shop.settings.mail, message)
    else:
        request.shop.outbox.put(message)
