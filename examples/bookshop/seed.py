"""The rows of the bookshop, the same every time and on every Python.

Only ``random.Random.random`` is used: the one method whose sequence Python promises to keep.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from bookshop import ranking

VERSION: Final = 1
"""Part of the data file's name: another version of the rows is another file."""

BOOKS: Final = 20_000
AUTHORS: Final = 5_000
CATEGORIES: Final = 60


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


ADJECTIVES: Final = words(
    "amber ancient bitter blue borrowed bright broken burning careful cold crooked crowded distant "
    "drifting early empty endless faded fallen final forgotten frozen gentle gilded golden hidden "
    "hollow honest humble idle iron lonely lost midnight narrow northern open painted pale patient "
    "quiet restless rising salt scarlet secret silent silver sleeping slow southern steady stolen "
    "stray sudden tender thirsty unseen wandering winter"
)
NOUNS: Final = words(
    "anchor archive arrow atlas bell border bridge candle canyon cellar chapel circle city clock "
    "coast compass corner country door echo engine feather ferry field fire forest fountain garden "
    "gate glacier grammar harbour harvest heart hill horizon hour house island journey key kingdom "
    "ladder lake lantern letter light map market meadow mirror moon mountain music night ocean "
    "orchard path photograph piano promise rain river road season shadow shore sister storm "
    "stranger summer table tide tower train valley voice wall window"
)
_FIRST: Final = words(
    "Ada Ben Cleo Dina Elias Femi Greta Hugo Ines Jonas Kira Leo Mara Nils Olga Pia"
)
_LAST: Final = words("Adler Brandt Costa Dahl Eklund Ferrari Gomes Hardy Ivanov Jansen Kovac Lund")
_VERDICTS: Final = ("could not put it down", "slow at first", "kept me up", "not for me", "a gift")

Row = tuple[Any, ...]


def tables() -> Iterator[tuple[str, tuple[str, ...], list[Row]]]:
    """Name, columns and rows of each table, those referred to first."""
    source = random.Random(20_000)
    yield "author", ("id", "name"), [_author(i) for i in range(1, AUTHORS + 1)]
    shelves = [(i, f"{NOUNS[i % len(NOUNS)].title()} books") for i in range(1, CATEGORIES + 1)]
    yield "category", ("id", "name"), shelves
    sentences = [_sentence(source) for _ in range(400)]
    books = [_book(i, source, sentences) for i in range(1, BOOKS + 1)]
    yield "book", BOOK_COLUMNS, books
    yield "review", ("id", "book_id", "stars", "words"), list(_reviews(source))
    yield "pick", ("category_id", "place", "book_id"), list(_picks(books))
    yield "counter", ("name", "value"), [("visits", 0)]


BOOK_COLUMNS: Final = (
    "id", "title", "title_key", "title_indexed", "author_id", "category_id", "year", "sold",
    "returned", "description",
)  # fmt: skip


def _author(number: int) -> Row:
    first = _FIRST[number % len(_FIRST)]
    return number, f"{first} {_LAST[number // len(_FIRST) % len(_LAST)]} {number}"


def _book(number: int, source: random.Random, sentences: list[str]) -> Row:
    title = f"{_one(source, ADJECTIVES)} {_one(source, NOUNS)}"
    # Neighbours on a page have different authors: 7,919 shares no factor with 5,000.
    author = number * 7_919 % AUTHORS + 1
    category = _below(source, CATEGORIES) + 1
    year = 1950 + _below(source, 75)
    sold, returned = _below(source, 100_000), _below(source, 2_000)
    description = " ".join(_one(source, sentences) for _ in range(10))
    return (
        number, title.title(), title, title, author, category, year, sold, returned, description,
    )  # fmt: skip


def _sentence(source: random.Random) -> str:
    words = [_one(source, ADJECTIVES) + " " + _one(source, NOUNS) for _ in range(5)]
    return f"The {', the '.join(words)}."


def _reviews(source: random.Random) -> Iterator[Row]:
    number = 0
    for book in range(1, BOOKS + 1):
        for _ in range(_below(source, 4)):
            number += 1
            yield number, book, 1 + _below(source, 5), _one(source, _VERDICTS)


def _picks(books: list[Row]) -> Iterator[Row]:
    shelves: dict[int, list[ranking.Sales]] = {i: [] for i in range(1, CATEGORIES + 1)}
    for book in books:
        shelves[book[5]].append(ranking.Sales(book[0], book[7], book[8]))
    for category, shelf in shelves.items():
        for place, book_id in enumerate(ranking.by_sorting(shelf)):
            yield category, place, book_id


def _one(source: random.Random, values: Sequence[str]) -> str:
    return values[_below(source, len(values))]


def _below(source: random.Random, count: int) -> int:
    return int(source.random() * count)
