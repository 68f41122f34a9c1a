"""Recommendations: the best books of the same shelf."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from bookshop import answers, ranking
from django_bookshop import shop
from django_bookshop.models import Book, Pick


@require_safe
def recommendations(request: HttpRequest, book_id: int) -> JsonResponse:
    """Five books of the same category."""
    category = get_object_or_404(Book.objects.values_list("category_id", flat=True), id=book_id)
    if shop.current().has("slow-recommendation"):
        picks = ranking.by_comparing(_shelf(category))
    else:
        best = Pick.objects.filter(category_id=category).order_by("place")
        picks = list(best.values_list("book_id", flat=True))
    return JsonResponse(answers.recommended(book_id, picks))


def _shelf(category: int) -> list[ranking.Sales]:
    rows = Book.objects.filter(category_id=category).values_list("id", "sold", "returned")
    return [ranking.Sales(*row) for row in rows]
