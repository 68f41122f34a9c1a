"""The shop's pages."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from django_bookshop import api, basket, catalogue, orders, recommend, upstream, visits

urlpatterns = [
    path("", catalogue.home),
    path("books", catalogue.books, name="books"),
    path("books/<int:book_id>", catalogue.book, name="book"),
    path("search", catalogue.search, name="search"),
    path("books/<int:book_id>/recommendations", recommend.recommendations, name="recommendations"),
    path("books/<int:book_id>/price", upstream.price, name="price"),
    path("books/<int:book_id>/delivery", upstream.delivery, name="delivery"),
    path("stock/<int:book_id>", upstream.stock, name="stock"),
    path("orders", orders.order, name="orders"),
    path("visits", visits.visits, name="visits"),
    path("basket", basket.basket, name="basket"),
    path("api/", include(api.router.urls)),
    path("admin/", admin.site.urls),
]


def not_found(_: HttpRequest, exception: Exception) -> JsonResponse:
    """As the other shops say it."""
    return JsonResponse({"error": "no such page"}, status=404)


handler404 = not_found
