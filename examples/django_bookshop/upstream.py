"""Pages that wait for somebody else's service: price, delivery, stock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from django_bookshop import shop
from django_bookshop.models import Book


@require_safe
def price(request: HttpRequest, book_id: int) -> JsonResponse:
    """What the book costs, in pence."""
    title = _title(book_id)
    if shop.current().has("slow-price"):
        pence = _ask(f"/prices/{book_id}")["pence"]
    else:
        pence = _price_list()[book_id - 1]
    return JsonResponse({"title": title, "pence": pence})


@require_safe
def delivery(request: HttpRequest, book_id: int) -> JsonResponse:
    """How many days the delivery takes; Django holds the connection until the answer is out."""
    title = _title(book_id)
    days = _ask(f"/delivery/{book_id}")["days"]
    return JsonResponse({"title": title, "days": days})


@require_safe
def stock(request: HttpRequest, book_id: int) -> JsonResponse:
    """How many copies the warehouse has."""
    if shop.current().has("lock-across-wait"):
        with shop.current().stock_lock:
            copies = _ask(f"/stock/{book_id}")["copies"]
    else:
        copies = _ask(f"/stock/{book_id}")["copies"]
    return JsonResponse({"book": book_id, "copies": copies})


class NoAnswer:
    """Middleware: what is answered where a service does not."""

    def __init__(self, following: Callable[[HttpRequest], HttpResponse]) -> None:
        self._following = following

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing else."""
        return self._following(request)

    def process_exception(self, _: HttpRequest, error: Exception) -> HttpResponse | None:
        """Called by Django where a view raises."""
        if not isinstance(error, httpx.HTTPError):
            return None
        words = f"a service did not answer: {type(error).__name__}"
        return JsonResponse({"error": words}, status=502)


def _title(book_id: int) -> str:
    title: str = get_object_or_404(Book.objects.values_list("title", flat=True), id=book_id)
    return title


def _ask(path: str) -> Any:
    return shop.current().services.get(path).raise_for_status().json()


def _price_list() -> list[int]:
    here = shop.current()
    if not here.prices:
        here.prices = _ask("/prices")
    return here.prices
