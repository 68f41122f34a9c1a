"""What a workload asks for can be drawn without sending it."""

import itertools
import tomllib
from collections import Counter

import pytest

from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.load.targets import targets

TEXT = """
[[request]]
path = "/books/{1..5}"
weight = 60

[[request]]
path = "/search?q={word}"
weight = 20

[[session]]
weight = 20

[[session.request]]
method = "POST"
path = "/orders"
capture = { order = { json = "/id" } }

[[session.request]]
path = "/orders/{order}"

[data]
word = ["a b", "c"]
"""


@pytest.fixture
def drawn():
    workload = parse_workload(tomllib.loads(TEXT), "workload.toml")

    def draw(seed=1, count=4000):
        return list(itertools.islice(targets(workload, seed), count))

    return draw


def test_the_mix_is_the_workload_s(drawn):
    shares = Counter(each.name for each in drawn())
    assert shares["GET /books/{1..5}"] / 4000 == pytest.approx(0.6, abs=0.05)
    assert shares["POST /orders"] / 4000 == pytest.approx(0.1, abs=0.05)


def test_places_are_filled_in_as_they_would_be_sent(drawn):
    texts = {each.text for each in drawn() if each.name.startswith(("GET /books", "GET /search"))}
    assert texts == {*(f"/books/{n}" for n in range(1, 6)), "/search?q=a+b", "/search?q=c"}


def test_what_only_an_answer_supplies_is_left_open(drawn):
    orders = {(each.text, each.writes) for each in drawn() if "/orders" in each.name}
    assert orders == {("/orders", True), ("", False)}


def test_the_same_seed_draws_the_same(drawn):
    assert drawn(7, 50) == drawn(7, 50)
    assert drawn(7, 50) != drawn(8, 50)
