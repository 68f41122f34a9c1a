"""What levers say of Django: connections that stay open, and rows that come with their list."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosed import case_of, place, use
from surefoot.core.resources import Kind
from surefoot.testing import LeverContract
from surefoot.toolbox.levers import eager_load, persistent_connections, relations

AUTHOR = 'SELECT "shop_author"."id" FROM "shop_author" WHERE "shop_author"."id" = ? LIMIT ?'
REVIEW = 'SELECT "shop_review"."id" FROM "shop_review" WHERE "shop_review"."book_id" = ?'
TAG = (
    'SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_book_tags" ON '
    '("shop_tag"."id" = "shop_book_tags"."tag_id") WHERE "shop_book_tags"."book_id" = ?'
)
LIST = 'SELECT "shop_book"."id" FROM "shop_book" ORDER BY "shop_book"."id" ASC LIMIT ?'


def of_django(case, **more):
    return dataclasses.replace(
        case, evidence=dataclasses.replace(case.evidence, framework="django", **more)
    )


def connecting(each=1.0, seconds=0.006, cpu=0.002):
    def of(requests):
        count = int(requests * each)
        spent = place("views.py:7", "(connect)", count, use=count * seconds, cpu=count * cpu)
        return use(Kind.DB_WAIT, spent)

    return of


SLOW = {"cpu": 0.004, "other": 0.006}


class TestPersistentConnections(LeverContract):
    lever = persistent_connections

    def cases(self):
        return [
            of_django(case_of(**SLOW, uses=[connecting()])),
            of_django(case_of({"database.default.max_age": "0s"}, **SLOW, uses=[connecting()])),
            of_django(case_of(**SLOW, interface="asgi", uses=[connecting()])),
        ]

    def strangers(self):
        return [
            case_of(**SLOW, uses=[connecting()]),
            of_django(case_of(**SLOW)),
            of_django(case_of(**SLOW, uses=[connecting(each=0.04)])),
            of_django(case_of({"database.default.max_age": "10m"}, **SLOW, uses=[connecting()])),
        ]


def test_what_connecting_takes_goes_and_so_does_what_the_client_computes_for_it():
    case = of_django(case_of(**SLOW, uses=[connecting()]))
    (step,) = persistent_connections.steps(case)
    assert step.model.alone.db_wait == pytest.approx(0.0)
    assert step.model.alone.app == pytest.approx(0.004 - 0.002)
    assert [(edit.key, edit.after) for edit in step.action] == [("database.default.max_age", "10m")]
    assert "GET /" in step.because


def test_under_asgi_it_is_a_pool_as_a_thread_ends_with_its_request():
    case = of_django(case_of(**SLOW, interface="asgi", uses=[connecting()]))
    (step,) = persistent_connections.steps(case)
    assert [(edit.key, edit.after) for edit in step.action] == [("database.default.pool_size", 10)]
    assert any("psycopg_pool" in told for told in step.preconditions)


# --- Rows that come with their list ---------------------------------------------------------------


def looping(*places):
    return lambda requests: use(
        Kind.DB_CPU,
        *(
            place(site, what, requests * each, use=requests * each * 1e-5, cpu=0.0)
            for site, what, each in places
        ),
    )


def loop(lines, *places):
    uses = [looping(*places)]
    case = case_of(cpu=0.012, db_cpu=0.0008, uses=uses, stacks=[("cpu", "shop.py:9", 10)])
    return of_django(case, lines=tuple(lines.items()))


def test_the_diff_is_of_the_line_that_queries_the_list():
    lines = {
        "shop.py:3": "    user = request.user",
        "shop.py:8": "    for book in query:",
        "shop.py:9": "        rows.append((book.author, list(book.review_set.all())))",
        "shop.py:20": "    for book in Book.objects.all():",
    }
    case = loop(
        lines,
        ("shop.py:3", "SELECT 1", 1),
        ("shop.py:8", LIST, 1),
        ("shop.py:9", AUTHOR, 40),
        ("shop.py:9", REVIEW, 40),
        ("shop.py:20", LIST, 1),
    )
    (step,) = eager_load.steps(case)
    calls = 'select_related("author").prefetch_related("review_set")'
    assert f"(Django: {calls})" in step.how
    assert step.where == "shop.py:9"
    assert (step.action.file, step.action.line) == ("shop.py", 8)
    assert step.action.diff == (
        "--- a/shop.py\n+++ b/shop.py\n@@ -8 +8 @@\n-    for book in query:\n"
        f"+    for book in query.{calls}:\n"
    )


def test_without_such_a_line_it_is_said_where_the_rows_are_asked_for():
    case = loop({"shop.py:9": "    names.append(book.author.name)"}, ("shop.py:9", AUTHOR, 40))
    (step,) = eager_load.steps(case)
    assert (step.action.file, step.action.line, step.action.diff) == ("shop.py", 9, "")
    assert '.select_related("author")' in step.action.advice


@pytest.mark.parametrize(
    ("statement", "line", "calls"),
    [
        (AUTHOR, "x = book.author.name", 'select_related("author")'),
        (AUTHOR, "x = book.writer", 'select_related("author")'),
        (REVIEW, "x = list(book.review_set.all())", 'prefetch_related("review_set")'),
        (REVIEW, "x = book.reviews.count()", 'prefetch_related("reviews")'),
        (REVIEW, "x = book.opinions.filter(stars=5)", 'prefetch_related("opinions")'),
        (REVIEW, "", 'prefetch_related("review_set")'),
        (TAG, "x = [t.name for t in book.tags.all()]", 'prefetch_related("tags")'),
        (TAG, "", 'prefetch_related("tags")'),
        ("SELECT count(*) FROM a, b", "", 'prefetch_related("relation")'),
    ],
)
def test_names_of_relations_are_the_line_s_or_else_guessed(statement, line, calls):
    assert relations.django([(statement, line)]) == calls


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("for book in query:", "for book in query.X:"),
        ("  for b in Book.objects.all()[:9]:", "  for b in Book.objects.all()[:9].X:"),
        ("rows = [f(b) for b in self.books]", "rows = [f(b) for b in self.books.X]"),
        ("books = list(query)", "books = list(query.X)"),
        ("for i, b in enumerate(query):", ""),
        ("for book in (a or b):", ""),
        ("x = 1", ""),
        ("return render(", ""),
    ],
)
def test_what_a_line_goes_over_is_told_to_load_more(line, after):
    assert relations.loaded(line, "X") == after


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_line_and_no_statement_is_too_odd_to_be_read(line, statement):
    relations.loaded(line, "X")
    assert relations.django([(statement, line)])
    assert relations.sqlalchemy([statement])
