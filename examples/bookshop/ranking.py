"""Which books of a shelf to recommend: the same order found slowly and fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

PICKS = 6
"""One more than a page shows, since a book is not recommended on its own page."""


class Sales(NamedTuple):
    """How one book sold."""

    book_id: int
    sold: int
    returned: int


def by_comparing(shelf: Sequence[Sales]) -> list[int]:
    """Count for each book how many others it beats: n * n comparisons in plain Python."""
    wins = {}
    for book in shelf:
        wins[book.book_id] = sum(1 for other in shelf if _score(book) > _score(other))
    return sorted(wins, key=lambda book_id: (-wins[book_id], book_id))[:PICKS]


def by_sorting(shelf: Sequence[Sales]) -> list[int]:
    """Sort by the score itself: the same order from n of them."""
    ordered = sorted(shelf, key=lambda book: (-_score(book), book.book_id))
    return [book.book_id for book in ordered[:PICKS]]


def _score(book: Sales) -> int:
    return book.sold * 100 - book.returned * 250
