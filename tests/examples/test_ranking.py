"""The slow and the fast recommendation agree on every shelf."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

sales = st.tuples(st.integers(0, 50), st.integers(0, 20))


@given(st.lists(sales, max_size=40))
def test_comparing_and_sorting_find_the_same_books(shelf):
    from bookshop import ranking

    books = [ranking.Sales(number, *sold) for number, sold in enumerate(shelf)]
    assert ranking.by_comparing(books) == ranking.by_sorting(books)
