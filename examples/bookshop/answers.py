"""The answers, the same words from both shops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bookshop.models import Author, Book, Review

HOME = """<!doctype html>
<html lang="en">
<title>The bookshop</title>
<h1>The bookshop</h1>
<p>20,000 books, none of them real.</p>
<ul>
<li><a href="/books?page=1">All books</a></li>
<li><a href="/books/1">One book</a></li>
<li><a href="/search?q=silent+river">Search</a></li>
<li><a href="/books/1/recommendations">Recommendations</a></li>
<li><a href="/books/1/price">A price</a></li>
<li><a href="/books/1/delivery">A delivery date</a></li>
<li><a href="/stock/1">What is in stock</a></li>
<li><a href="/visits">Visits</a></li>
</ul>
</html>
"""

PAGE = 40
"""Books on one page of the list."""


def search_key(words: str) -> str:
    """What a title is searched by: lower case, single spaces."""
    return " ".join(words.lower().split())


def listed(book: Book, author: Author, reviews: Sequence[Review]) -> dict[str, Any]:
    """One row of the list."""
    stars = sum(review.stars for review in reviews)
    return {
        "id": book.id,
        "title": book.title,
        "author": author.name,
        "reviews": len(reviews),
        "stars": round(stars / len(reviews), 1) if reviews else None,
    }


def shown(book: Book) -> dict[str, Any]:
    """A book's own page; author, category and reviews are loaded."""
    return {
        **listed(book, book.author, book.reviews),
        "category": book.category.name,
        "year": book.year,
        "description": book.description,
        "words": [review.words for review in book.reviews],
    }


def found(key: str, total: int, books: Iterable[Book]) -> dict[str, Any]:
    """What a search found: how many in all, and the first of them."""
    shown = [{"id": book.id, "title": book.title, "year": book.year} for book in books]
    return {"query": key, "total": total, "books": shown}


def recommended(book_id: int, picks: Iterable[int]) -> dict[str, Any]:
    """Five books, never the one that is looked at."""
    return {"book": book_id, "recommended": [pick for pick in picks if pick != book_id][:5]}


def ordered(title: str, copies: int) -> dict[str, Any]:
    """The answer to an order; its number comes by mail."""
    return {"title": title, "copies": copies, "status": "accepted"}
