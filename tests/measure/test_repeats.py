"""How soon a function is asked the same again is counted on what the workload asks for."""

import dataclasses
import textwrap
import tomllib

import pytest

from diagnosed import place, use
from surefoot.core.http_cache.reuse import share
from surefoot.core.records import Probe, RouteUse, StackSample
from surefoot.core.resources import Kind
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.measure.functions import functions
from surefoot.toolbox.measure.repeats import repeats

SHOP = """\
import httpx
from flask import request


@app.get("/books/<int:number>/price")
def price(number):
    return str(asked(number))


def asked(number: int) -> int:
    return httpx.get(f"http://prices/{number}").json()


def rates():
    return httpx.get("http://prices/rates").json()


def language():
    return httpx.get(f"http://words/{request.headers['language']}").json()


def reviews(session, number):
    return session.scalars(f"... {number}").all()


def of_all(*numbers):
    yield httpx.get("http://prices")


class Shelf:
    async def books(self):
        def inner(number):
            return httpx.get(number)
        return inner(1)


async def stars(number: int) -> str:
    return await client.get(f"http://stars/{number}")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def line(text):
    """Where a line of the shop stands."""
    return f"shop.py:{next(n for n, each in enumerate(SHOP.splitlines(), 1) if text in each)}"


def named(folder, text):
    (found,) = functions(folder, [line(text)])
    return found


def test_a_line_stands_in_the_innermost_function_around_it(folder):
    found = named(folder, "http://prices/{number}")
    assert (found.name, found.arguments, found.asynchronous) == ("asked", ("number",), False)
    assert (f"shop.py:{found.line}", found.imports) == (line("def asked"), 2)
    assert found.sites == (line("http://prices/{number}"),)
    assert found.unfit == ""
    assert named(folder, "http://stars").asynchronous


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("str(asked", "it is decorated, as a view is"),
        ("http://words", "it looks at request, which it is not given"),
        ("session.scalars", "no key can be made of session"),
        ("yield httpx", "it yields"),
        ("return inner", "it is a method, or made anew by another function"),
        ("httpx.get(number)", "it is a method, or made anew by another function"),
    ],
)
def test_it_says_why_results_cannot_be_kept_as_they_are(folder, text, why):
    assert named(folder, text).unfit == why


def test_of_those_that_lead_to_a_line_it_is_the_outermost_that_can_be_kept(folder):
    def stack(count, *names):
        frames = ("flask/app.py:full_dispatch_request", *(f"shop.py:{name}" for name in names))
        return StackSample(1, "GET /", "cpu", frames, line("http://prices/{number}"), count)

    site = [line("http://prices/{number}")]
    seen = [stack(9, "price", "rates", "asked"), stack(5, "price", "asked"), stack(20, "price")]
    # The view is decorated, and what leads nowhere else has no vote.
    assert [each.name for each in functions(folder, site, seen)] == ["rates"]
    assert [each.name for each in functions(folder, site, seen[1:])] == ["asked"]


def test_what_cannot_be_read_has_no_functions(folder):
    (folder / "broken.py").write_text("def f(:\n")
    sites = ["broken.py:1", "gone.py:3", "shop.py:1", "", "shop.py:x", "shop.py:900"]
    assert functions(folder, sites) == ()


def probe(*routes):
    return Probe(1, (), routes)


def route(name, *uses, requests=100):
    wall = sum(each.use for each in uses) + 0.001
    return RouteUse(name, requests, 0, 0.01, 0.01, wall, 0.001, 0.0, 0.0, tuple(uses))


def asks(text, count=100, seconds=1.0):
    return use(Kind.HTTP, place(line(text), "GET prices", count, use=seconds), name="prices")


def queries(text, what, count=100, seconds=1.0):
    return use(Kind.DB_CPU, place(line(text), what, count, use=seconds, cpu=seconds))


def workload(text):
    return parse_workload(tomllib.loads(textwrap.dedent(text)), "workload.toml")


PRICES = """
[[request]]
path = "/books/{1..10}/price?seen={1..100000}"
"""


def counted(folder, given, *routes):
    (found,) = repeats(folder, workload(given), (probe(*routes),) * 2)
    return found


def test_arguments_that_the_address_holds_tell_results_apart(folder):
    found = counted(
        folder, PRICES, route("GET /books/<int:number>/price", asks("http://prices/{number}"))
    )
    assert (found.name, found.told_by, found.unknown) == ("asked", "number", "")
    # Ten books, whatever else is asked for: after a thousand requests all of them were.
    assert share(found.reuse, 1000) > 0.99
    # A price that lives for eight requests is asked for 0.8 times meanwhile, and then made anew.
    assert share(found.reuse, 8) == pytest.approx(0.8 / 1.8, abs=0.02)


def test_what_takes_no_arguments_is_the_same_for_all(folder):
    found = counted(
        folder, PRICES, route("GET /books/<int:number>/price", asks("http://prices/rates"))
    )
    assert found.told_by == "nothing"
    assert share(found.reuse, 100) > 0.98


def test_else_the_whole_address_is_taken_and_who_asks(folder):
    price = route("GET /books/<int:number>/price", asks("http://words"))
    seldom = counted(folder, PRICES, price)
    assert seldom.told_by == "the whole address"
    assert share(seldom.reuse, 1000) < 0.01
    few = """
    users = 50
    [[request]]
    method = "POST"
    path = "/in"
    login = true
    [[request]]
    path = "/books/7/price"
    """
    by_user = counted(folder, few, price)
    assert share(by_user.reuse, 50) < 0.8
    alike = counted(folder, '[[request]]\npath = "/books/7/price"', price)
    assert share(alike.reuse, 50) > 0.97


def computes(text, name="asked"):
    site = line(text)
    frames = ("flask/app.py:dispatch", "shop.py:price", f"shop.py:{name}")
    return StackSample(1, "GET /books/<int:number>/price", "cpu", frames, site, 50)


def test_computing_counts_but_not_that_of_a_view_nor_that_of_asking_a_cache(folder):
    busy = dataclasses.replace(route("GET /books/<int:number>/price"), cpu=1.0, wall=1.0)
    reading = use(Kind.CACHE, place(line("http://stars"), "GET", 100, use=0.1), name="words")
    busy = dataclasses.replace(busy, resources=(reading,))
    stacks = (
        computes("http://prices/{number}"),
        computes("str(asked", "price"),
        computes("http://stars", "price"),
    )
    probes = (dataclasses.replace(probe(busy), stacks=stacks),) * 2
    (found,) = repeats(folder, workload(PRICES), probes)
    assert (found.name, found.counted, found.times) == ("asked", False, 1.0)


WRITTEN = """
[[request]]
path = "/books/7/reviews"
weight = 9
[[request]]
method = "POST"
path = "/{where}"
weight = 1
[data]
where = ["WHERE"]
"""


def hits(folder, where, change, query="SELECT stars FROM review WHERE book_id = ?"):
    posted = [route("POST /reviews", queries("return str", change))] if change else []
    read = route("GET /books/<int:number>/reviews", queries("session.scalars", query))
    found = next(
        each
        for each in repeats(
            folder, workload(WRITTEN.replace("WHERE", where)), (probe(read, *posted),) * 2
        )
        if each.name == "reviews"
    )
    return share(found.reuse, 1000)


def test_a_write_to_what_it_reads_ends_what_was_kept(folder):
    insert = "INSERT INTO review (stars) VALUES (...)"
    other = "INSERT INTO orders (book_id) VALUES (...)"
    # Of ten requests one writes: the read after it finds nothing.
    assert hits(folder, "reviews", insert) == pytest.approx(1 - 0.1, abs=0.02)
    assert hits(folder, "reviews", other) > 0.99


def test_what_was_never_sent_may_change_anything(folder):
    assert hits(folder, "elsewhere", "") == pytest.approx(0.9, abs=0.02)


def test_what_changes_data_or_is_sent_a_body_is_not_predicted(folder):
    changes = queries("session.scalars", "UPDATE review SET stars = ?")
    found = counted(folder, PRICES, route("GET /books/<int:number>/price", changes))
    assert found.unknown == "it changes data"
    post = '[[request]]\nmethod = "POST"\npath = "/orders"'
    sent = counted(folder, post, route("POST /orders", asks("http://words")))
    assert sent.unknown == "POST /orders is sent what may tell its results apart"
    assert not sent.reuse


def test_calls_are_counted_where_something_counts_them(folder):
    often, seldom = (
        counted(
            folder,
            PRICES,
            route("GET /books/<int:number>/price", asks("http://prices/{number}", count)),
        )
        for count in (500, 10)
    )
    assert (often.times, seldom.times) == (5.0, 0.1)


def test_what_takes_hardly_any_time_is_left_out(folder):
    quick = asks("http://prices/rates", seconds=0.01)
    slow = asks("http://prices/{number}")
    both = dataclasses.replace(
        route("GET /books/<int:number>/price", slow), resources=(slow, quick)
    )
    assert [each.name for each in repeats(folder, workload(PRICES), (probe(both),) * 2)] == [
        "asked"
    ]
