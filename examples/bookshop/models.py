"""The tables of the bookshop."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What all tables belong to."""


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Category(Base):
    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    # The same text twice: the fault searches the first, its repair the second, so that both find
    # the same books in the same file and an index made on the first repairs it as well.
    title_key: Mapped[str] = mapped_column(String(120))
    title_indexed: Mapped[str] = mapped_column(String(120), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), index=True)
    year: Mapped[int]
    sold: Mapped[int]
    returned: Mapped[int]
    description: Mapped[str] = mapped_column(Text)

    author: Mapped[Author] = relationship()
    category: Mapped[Category] = relationship()
    reviews: Mapped[list[Review]] = relationship(order_by="Review.id")


class Review(Base):
    __tablename__ = "review"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"), index=True)
    stars: Mapped[int]
    words: Mapped[str] = mapped_column(String(120))


class Pick(Base):
    """The best books of a category, worked out beforehand."""

    __tablename__ = "pick"

    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))


class Purchase(Base):
    __tablename__ = "purchase"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    copies: Mapped[int]
    email: Mapped[str] = mapped_column(String(120))


class Counter(Base):
    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]
