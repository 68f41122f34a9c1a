"""Who asks for what: nobody, users who are somebody else each, and nobody again."""

import tomllib

import pytest

from surefoot.core.http_cache.template import Template
from surefoot.errors import RefusedError
from surefoot.toolbox.everybody.script import script
from surefoot.toolbox.load import parse_workload

BOOK, HOME = "GET /books/<int:number>", "GET /"
ACCOUNTS = """
users = USERS

[data]
account = [{ mail = "ann@example.org" }, { mail = "bob@example.org" }, { mail = "ann@example.org" }]
"""
LOG_IN = """
[[request]]
login = true
method = "POST"
path = "/log-in"
form = { mail = "{account.mail}" }
"""
PAGES = """
[[request]]
path = "/"

[[request]]
path = "/books/{1..3}"
weight = 5

[[request]]
method = "POST"
path = "/books/1"
"""


def scripted(text, *routes):
    workload = parse_workload(tomllib.loads(text), "workload.toml")
    return script(workload, {route: Template.read(route) for route in routes})


def text(users=3, log_in=LOG_IN, pages=PAGES):
    return ACCOUNTS.replace("USERS", str(users)) + log_in + pages


def paths(found, steps):
    return ["".join(map(str, found.steps[step].request.path.parts)) for step in steps]


def test_each_request_is_asked_by_nobody_by_all_users_and_by_nobody_again():
    found = scripted(text(), BOOK, HOME)
    assert {each.route for each in found.rounds} == {BOOK, HOME}
    for each in found.rounds:
        steps = (each.nobody, *each.users, each.again)
        assert len(set(paths(found, steps))) == 1
        assert [found.steps[step].visitor for step in each.users] == list(found.users)
        assert found.steps[each.nobody].visitor < 0
        assert found.steps[each.again].visitor < 0


def test_nobody_is_somebody_else_each_time():
    found = scripted(text(), BOOK, HOME)
    nobodies = [found.steps[n].visitor for each in found.rounds for n in (each.nobody, each.again)]
    assert len(set(nobodies)) == len(nobodies)


def test_every_request_that_the_workload_draws_for_a_route_is_asked():
    found = scripted(text(), BOOK)
    asked = {path for each in found.rounds for path in paths(found, [each.nobody])}
    assert asked == {"/books/1", "/books/2", "/books/3"}
    assert {step.request.method for step in found.steps[found.log_ins :]} == {"GET"}


def test_no_two_users_have_the_same_account():
    found = scripted(text(), BOOK)
    assert found.users == (0, 1)
    assert [step.visitor for step in found.steps[: found.log_ins]] == [0, 1]


def test_a_range_in_a_log_in_is_another_account_for_each_user():
    log_in = '[[request]]\nlogin = true\nmethod = "POST"\npath = "/log-in/{1..100000}"\n'
    found = scripted("users = 2\n" + log_in + PAGES, BOOK)
    assert len(set(paths(found, range(found.log_ins)))) == 2


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (text(users=0, log_in=""), "has no users"),
        (text(users=1), "has one user"),
        (text(log_in=""), "do not log in"),
        (text(log_in=LOG_IN.replace("{account.mail}", "ann@example.org")), "as the same one"),
    ],
)  # fmt: skip
def test_without_two_users_nothing_can_be_asked(told, why):
    with pytest.raises(RefusedError, match=why) as refused:
        scripted(told, BOOK)
    assert "users = 2" in refused.value.do


@pytest.mark.parametrize("header", ["Authorization", "X-User", "Cookie"])
def test_what_says_who_asks_in_a_header_is_not_asked(header):
    pages = f'[[request]]\npath = "/"\nheaders = {{ {header} = "session=1" }}\n'
    assert scripted(text(pages=pages), HOME).rounds == ()


def test_what_needs_an_answer_first_is_not_asked():
    pages = """
[[session]]
[[session.request]]
path = "/"
capture = { number = "no ([0-9]+)" }

[[session.request]]
path = "/books/{number}"
"""
    found = scripted(text(pages=pages), BOOK, HOME)
    assert {each.route for each in found.rounds} == {HOME}


def test_headers_are_the_same_for_all_who_ask():
    pages = '[[request]]\npath = "/"\nheaders = { X-A = "{1..50}", X-B = "{account.mail}" }\n'
    found = scripted(text(pages=pages), HOME)
    requests = {step.request for step in found.steps[found.log_ins :]}
    assert len(requests) > 1
    for each in found.rounds:
        asked = {found.steps[n].request for n in (each.nobody, *each.users, each.again)}
        assert len(asked) == 1
        assert all(value.fixed for _, value in asked.pop().headers)
