"""Answers of one process in two lives, and of several."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.toolbox.load.observation import Answered
from surefoot.toolbox.state.compare import differences


def answers(values, status=200, kind="application/json", **headers):
    told = [("content-type", kind), *headers.items()]
    return [
        Answered((step, 0), "GET /", "GET /", "", 0, status, tuple(told), body(value))
        for step, value in enumerate(values)
    ]


def body(value):
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def differing(base, again, several, **how):
    return list(differences(answers(base, **how), answers(again, **how), answers(several, **how)))


def counts(*numbers):
    return [{"n": number, "title": "a shop"} for number in numbers]


def test_a_count_that_each_keeps_for_itself():
    assert differing(counts(1, 2, 3), counts(1, 2, 3), counts(1, 1, 2)) == [1, 2]


def test_a_count_that_is_shared_and_began_later():
    assert differing(counts(2, 3, 4), counts(2, 3, 4), counts(3, 4, 5)) == []


def test_a_count_that_was_asked_in_between():
    assert differing(counts(2, 2, 3), counts(2, 2, 3), counts(2, 2, 2)) == [2]
    # On data that all lives share.
    assert differing(counts(1, 1, 2), counts(7, 7, 8), counts(4, 4, 4)) == [2]
    assert differing(counts(1, 1, 2), counts(7, 7, 8), counts(4, 4, 5)) == []


def test_what_stays_the_same_but_for_one_process():
    assert differing(counts(5, 5), counts(5, 5), counts(5, 6)) == [1]
    assert differing(counts(5, 5), counts(6, 6), counts(7, 8)) == []


def test_another_status_and_no_answer_at_all():
    one = answers(counts(1, 2))
    refused = answers(counts(1, 2), status=401)
    found = differences(one, one, refused)
    assert [(each.what, each.base, each.variant) for each in found.values()] == [
        ("status", "200", "401"),
        ("status", "200", "401"),
    ]
    gone = answers(counts(1, 2), status=0)
    assert list(differences(one, one, gone)) == [0, 1]
    assert differences(one, refused, gone) == {}


def test_another_place_to_go_to():
    there, here = answers(["", ""], 302, location="/me"), answers(["", ""], 302, location="/login")
    assert [each.what for each in differences(there, there, here).values()] == [
        "header location",
        "header location",
    ]


texts = st.text(alphabet="ab \n<>\"'{}0123456789", max_size=40)


@given(st.lists(texts, min_size=1, max_size=5))
@settings(deadline=None)
def test_the_same_answers_never_differ(values):
    assert differing(values, values, values, kind="text/html") == []


@given(st.lists(st.integers(0, 9), min_size=2, max_size=6), st.data())
@settings(deadline=None)
def test_one_word_that_differs_is_found(values, data):
    at = data.draw(st.integers(0, len(values) - 1))
    pages = [f"<p>there are {value} books</p>" for value in values]
    several = list(pages)
    several[at] = "<p>there are no books</p>"
    assert differing(pages, pages, several, kind="text/html") == [at]
