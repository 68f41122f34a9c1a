"""What varies by itself is no difference, and a mistake is one, on real servers."""

import pytest

EVERYTHING = {
    "request": [
        {"path": "/clock?page={1..9}", "name": "clock"},
        {"path": "/books/{1..20}", "name": "book"},
        {"path": "/shuffled", "name": "shuffled"},
        {"path": "/visits", "name": "visits"},
        {"path": "/status", "name": "status"},
        {"path": "/lottery", "name": "lottery"},
        {"path": "/orders", "method": "POST", "expect": 201, "name": "order"},
    ],
    "session": [
        {
            "name": "form",
            "request": [
                {"path": "/form", "capture": {"csrf": 'name="csrf" value="(\\w+)"'}},
                {"path": "/form"},
                {
                    "path": "/form", "method": "POST", "form": {"csrf": "{csrf}"}, "expect": 302,
                    "name": "send",
                },
            ],
        }
    ],
}  # fmt: skip


def test_what_varies_by_itself_is_no_difference(shop):
    variation, answers = shop.compare(EVERYTHING, requests=160)
    assert answers.examples == ()
    assert (answers.differing, answers.notes) == (0, ())
    assert answers.compared >= 160
    varying = {name for name, shape in variation.shapes.items() if shape != type(shape)()}
    assert varying == {"clock", "book", "shuffled", "lottery", "order", "GET /form"}


PLACES = {
    "clock": ("clock", "behaviour", "line 1"),
    "frozen": ("clock", "behaviour", "Rendered at"),
    "price": ("clock", "body", "line 1"),
    "form": ("GET /form", "behaviour", "value="),
    "redirect": ("send", "header location", ""),
    "uuid": ("book", "behaviour", "/request"),
    "header": ("book", "header cache-control", ""),
    "shuffled": ("shuffled", "body", "/books/*"),
    "counter": ("visits", "body", "/visits"),
    "number": ("order", "behaviour", "/number"),
    "status": ("status", "status", ""),
    "lottery": ("lottery", "behaviour", "/colour"),
}


@pytest.mark.parametrize(
    "mistakes",
    ["clock,form,uuid,header,status", "frozen,redirect,shuffled,counter,number,lottery", "price"],
)
def test_every_mistake_is_found_and_shown(shop, mistakes):
    _, answers = shop.compare(EVERYTHING, requests=400, WRONG=mistakes)
    found = {(each.what, each.where) for each in answers.examples}
    for mistake in mistakes.split(","):
        _, what, where = PLACES[mistake]
        assert any(kind == what and where in place for kind, place in found), (mistake, answers)
    wrong = {"GET /form" if mistake == "form" else mistake for mistake in mistakes.split(",")}
    assert len(found) <= len(wrong) + 1, answers
    assert all(each.base != each.variant for each in answers.examples)


def test_compression_on_one_side_is_no_difference(shop):
    _, answers = shop.compare(EVERYTHING, requests=60, WRONG="gzip")
    assert (answers.differing, answers.notes) == (0, ()), answers.examples


def test_requests_are_dealt_to_the_replicas_in_turn_so_that_state_kept_in_one_is_noticed(shop):
    _, answers = shop.compare(EVERYTHING, requests=60, replicas=2)
    found = {(each.what, each.where) for each in answers.examples}
    assert ("body", "/visits") in found
    assert "POST /form" in {each.request for each in answers.examples if each.what == "status"}
