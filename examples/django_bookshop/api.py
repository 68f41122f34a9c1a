"""The same books for programs, by Django REST framework."""

from __future__ import annotations

from rest_framework import routers, serializers, viewsets

from django_bookshop.models import Book


class BookSerializer(serializers.ModelSerializer):
    author = serializers.StringRelatedField()

    class Meta:
        model = Book
        fields = ("id", "title", "author", "year")


class Books(viewsets.ReadOnlyModelViewSet):
    """All books, forty on a page."""

    queryset = Book.objects.select_related("author").order_by("id")
    serializer_class = BookSerializer


router = routers.DefaultRouter()
router.register("books", Books)
