"""Orders: written to the database and confirmed by mail."""

from __future__ import annotations

import json

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bookshop import answers, mail
from django_bookshop import shop
from django_bookshop.models import Book, Purchase


@csrf_exempt
@require_POST
def order(request: HttpRequest) -> JsonResponse:
    """Take an order: ``{"book": 7, "copies": 1, "email": "reader@example.org"}``."""
    try:
        wish = json.loads(request.body)
        book_id, copies, email = int(wish["book"]), int(wish["copies"]), str(wish["email"])
    except (KeyError, TypeError, ValueError):
        return JsonResponse({"error": "an order has book, copies and email"}, status=422)
    title = get_object_or_404(Book.objects.values_list("title", flat=True), id=book_id)
    Purchase.objects.create(book_id=book_id, copies=copies, email=email)
    message = mail.confirmation(email, title, copies)
    if shop.current().has("mail-in-request"):
        mail.send(shop.current().settings.mail, message)
    else:
        shop.current().outbox.put(message)
    return JsonResponse(answers.ordered(title, copies), status=201)
