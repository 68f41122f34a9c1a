"""Which tables a statement touches, from its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.toolbox.analysis.tables import EVERY, Touched, touched, touched_by

READS = {
    "SELECT a.x FROM book AS a JOIN author ON a.author_id = author.id": "author book",
    'SELECT "shop_book"."id" FROM "public"."shop_book" LIMIT ?': "shop_book",
    "SELECT `id` FROM `Book` WHERE id IN (...)": "book",
    "SELECT x FROM stock WHERE id = ? FOR UPDATE": "stock",
    "SELECT x FROM stock WHERE id = ? FOR NO KEY UPDATE": "stock",
    "SELECT id FROM only stock": "stock",
    "WITH t AS (SELECT ? FROM review) SELECT * FROM t": "review t",
    "SELECT * FROM book, author WHERE book.author_id = author.id": "* book",
    "SELECT title, description FROM book WHERE ...": "* book",
    "SELECT ?": "",
    "COMMIT": "",
    "(connect)": "",
    "PRAGMA foreign_keys": "",
}
CHANGES = {
    "INSERT INTO orders (book_id) VALUES (...)": "orders",
    "INSERT OR IGNORE INTO orders VALUES (...)": "orders",
    "INSERT INTO visits (id) VALUES (...) ON CONFLICT (id) DO UPDATE SET n = n + ?": "visits",
    "INSERT INTO visits VALUES (...) ON DUPLICATE KEY UPDATE n = ?": "visits",
    'UPDATE "public"."book" SET sold = ? WHERE id = ?': "book",
    "DELETE FROM cart WHERE user_id = ?": "cart",
    "TRUNCATE TABLE cart": "cart",
    "WITH t AS (SELECT ? FROM review) DELETE FROM cart": "cart",
    "CALL refresh(?)": "*",
    "(unreadable)": "*",
}


@pytest.mark.parametrize(("statement", "tables"), READS.items())
def test_what_only_reads_names_what_it_reads(statement, tables):
    assert touched(statement) == Touched(read=frozenset(tables.split()))


@pytest.mark.parametrize(("statement", "tables"), CHANGES.items())
def test_what_writes_names_what_it_changes(statement, tables):
    assert touched(statement).changed == frozenset(tables.split())


def test_a_change_ends_what_reads_the_same_table_or_any():
    change = touched_by(["DELETE FROM cart WHERE user_id = ?", "SELECT id FROM book"])
    assert change.changes(frozenset({"cart", "book"}))
    assert change.changes(frozenset({EVERY}))
    assert not change.changes(frozenset({"book"}))
    assert not change.changes(frozenset())
    assert touched("CALL refresh(?)").changes(frozenset({"book"}))
    assert not touched("SELECT id FROM book").changes(frozenset({EVERY}))


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text):
    assert isinstance(touched(text), Touched)
