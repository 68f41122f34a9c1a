"""The tables that the staff looks after."""

from __future__ import annotations

from django.contrib import admin

from django_bookshop.models import Author, Book, Purchase


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ("title", "author", "year", "sold")
    list_select_related = ("author",)
    search_fields = ("title_indexed",)
    raw_id_fields = ("author",)


admin.site.register(Author)
admin.site.register(Purchase)
