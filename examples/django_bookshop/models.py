"""The tables of the bookshop as Django sees them: made by what all shops share, not by Django."""

from __future__ import annotations

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=80)

    class Meta:
        managed = False
        db_table = "author"

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    name = models.CharField(max_length=80)

    class Meta:
        managed = False
        db_table = "category"

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    title = models.CharField(max_length=120)
    title_key = models.CharField(max_length=120)
    title_indexed = models.CharField(max_length=120, db_index=True)
    author = models.ForeignKey(Author, models.PROTECT)
    category = models.ForeignKey(Category, models.PROTECT)
    year = models.IntegerField()
    sold = models.IntegerField()
    returned = models.IntegerField()
    description = models.TextField()

    class Meta:
        managed = False
        db_table = "book"

    def __str__(self) -> str:
        return self.title

    @property
    def reviews(self) -> list[Review]:
        """All of them, in their order."""
        return list(self.review_set.all())


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)
    stars = models.IntegerField()
    words = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = "review"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.words


class Pick(models.Model):
    pk = models.CompositePrimaryKey("category_id", "place")
    category = models.ForeignKey(Category, models.CASCADE)
    place = models.IntegerField()
    book = models.ForeignKey(Book, models.CASCADE)

    class Meta:
        managed = False
        db_table = "pick"

    def __str__(self) -> str:
        return f"{self.category_id}/{self.place}"


class Purchase(models.Model):
    book = models.ForeignKey(Book, models.PROTECT)
    copies = models.IntegerField()
    email = models.CharField(max_length=120)

    class Meta:
        managed = False
        db_table = "purchase"

    def __str__(self) -> str:
        return f"{self.copies} x {self.book_id}"


class Counter(models.Model):
    name = models.CharField(max_length=40, primary_key=True)
    value = models.IntegerField()

    class Meta:
        managed = False
        db_table = "counter"

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
