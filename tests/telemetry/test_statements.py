"""Equal work has one name, whatever its literals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.telemetry.statements import MAX_TEXT, MYSQL, Statements, normalise


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM book WHERE id = 7", "SELECT * FROM book WHERE id = ?"),
        ("select 'it''s', 1.5e3, -4", "select ?, ?, ?"),
        ("select a from b where c like'x'", "select a from b where c like?"),
        (r"select E'it\'s', e'\\', 'C:\', x'0f'", "select ?, ?, ?, ?"),
        ("select a  from\n\t b -- why\n where c=%s", "select a from b where c=?"),
        ("select x /* shard 3 */ from y", "select x from y"),
        ("select * from t where id in (1, 2,3)", "select * from t where id in (...)"),
        ("select * from t where id in (?, ?)", "select * from t where id in (...)"),
        ("insert into t values (1, 'a'), (2, 'b')", "insert into t values (...)"),
        ("insert into t values (%(a)s, %(b)s)", "insert into t values (...)"),
        ("select t1.c2 from t1 where x = :name", "select t1.c2 from t1 where x = ?"),
        ("select $1::int, $2", "select ?::int, ?"),
        ('select "Order"."id 7" from "Order"', 'select "Order"."id 7" from "Order"'),
        ("select $$body 1$$, $tag$x$tag$", "select ?, ?"),
        ("COMMIT", "COMMIT"),
        ("", ""),
    ],
)
def test_literals_and_parameters_become_question_marks(sql, expected):
    assert normalise(sql) == expected


@given(st.integers(0, 10**9), st.text(st.characters(exclude_characters="'\\"), max_size=30))
def test_only_literals_differ_so_the_name_does_not(number, text):
    assert normalise(f"select a from b where c = {number} and d = '{text}'") == (
        "select a from b where c = ? and d = ?"
    )


@given(st.text(max_size=30), st.sampled_from("'\""))
def test_text_of_mysql_may_have_either_quotes_and_backslashes(text, quote):
    from pymysql.converters import escape_string

    sql = f"select a from b where c = {quote}{escape_string(text)}{quote} # why"
    assert normalise(sql, MYSQL) == "select a from b where c = ?"


@given(st.text("\\'\"`x#- ", max_size=12), st.sampled_from("'\""))
def test_text_of_mysql_that_is_cut_off_is_no_name_either(text, quote):
    from pymysql.converters import escape_string

    sql = f"select a from b where c = {quote}{escape_string('y' + text)}"
    assert "y" not in normalise(sql, MYSQL)
    assert "y" not in normalise(sql[:-1] + "\\", MYSQL)


@given(st.integers(1, 50))
def test_a_list_has_one_name_whatever_its_length(length):
    values = ", ".join(["?"] * length)
    assert normalise(f"select a from b where c in ({values}) or d = ?") == (
        "select a from b where c in (...) or d = ?"
    )


@given(st.text(max_size=2000))
def test_any_text_has_a_bounded_name(text):
    assert len(normalise(text)) <= MAX_TEXT


def test_a_statement_is_learnt_once():
    statements = Statements()
    first = statements.get("select 1 from a")
    assert statements.get("select 2 from a") is first
    assert statements.get(b"select 3 from a") is first
    assert statements.known("select 2 from a") is first


def test_whatever_is_given_for_a_statement_gets_a_name():
    class Odd:
        def __str__(self):
            raise ValueError

    statements = Statements()
    assert statements.get(None).text == "None"
    assert statements.get(Odd()).text == "(unreadable)"


def test_what_is_known_stays_bounded():
    statements = Statements()
    for number in range(3000):
        statements.get(f"select {number} from a where b = '{'x' * 900}{number}'")
    assert sum(map(len, statements._raw)) < 1_100_000
