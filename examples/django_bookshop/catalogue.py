"""Books: the list, one book, the search."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bookshop import answers
from django_bookshop import shop
from django_bookshop.models import Book


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Links to everything."""
    return render(request, "home.html")


@require_safe
def books(request: HttpRequest) -> JsonResponse:
    """Forty books with their authors."""
    page = _page(request)
    first = (page - 1) * answers.PAGE
    query = Book.objects.filter(id__gt=first).order_by("id")[: answers.PAGE]
    if not shop.current().has("n-plus-one"):
        query = query.select_related("author").prefetch_related("review_set")
    rows = []
    for book in query:
        rows.append(answers.listed(book, book.author, list(book.review_set.all())))  # noqa: PERF401 - each row asks the database, which a line of its own shows
    return JsonResponse({"page": page, "books": rows})


@require_safe
def book(request: HttpRequest, book_id: int) -> JsonResponse:
    """One book with all that is known of it."""
    related = Book.objects.select_related("author", "category").prefetch_related("review_set")
    return JsonResponse(answers.shown(get_object_or_404(related, id=book_id)))


@require_safe
def search(request: HttpRequest) -> JsonResponse:
    """How many books have exactly this title, whatever its case, and the first forty."""
    key = answers.search_key(request.GET.get("q", ""))
    column = "title_key" if shop.current().has("unindexed-search") else "title_indexed"
    matching = Book.objects.filter(**{column: key})
    first = matching.order_by("id")[: answers.PAGE]
    return JsonResponse(answers.found(key, matching.count(), first))


def _page(request: HttpRequest) -> int:
    given = request.GET.get("page", "1")
    return max(1, int(given)) if given.isdecimal() else 1
