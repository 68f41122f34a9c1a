"""When seen numbers are a range, and when they are a list."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.toolbox.workloads.columns import MOST_VALUES, Column, as_range, settle
from surefoot.toolbox.workloads.names import Names
from surefoot.toolbox.workloads.secrets import Secrets, is_secret

DRAW = random.Random(11)


def texts(numbers):
    return [str(number) for number in numbers]


@pytest.mark.parametrize(("size", "count"), [(100, 400), (500, 100), (2000, 4000), (20000, 4000)])
def test_even_draws_are_a_range(size, count):
    low, high = as_range(texts(DRAW.randint(1, size) for _ in range(count)))
    assert 1 <= low < size * 0.1
    assert size * 0.9 < high <= size


@pytest.mark.parametrize(
    "numbers",
    [
        [min(20_000, int(DRAW.paretovariate(0.5))) for _ in range(3000)],
        [DRAW.choice(range(1000, 9000, 97)) for _ in range(1000)],
        [DRAW.randint(1, 10**9) for _ in range(1000)],
        [7] * 100,
        [1, 2, 3],
        list(range(1, 6)) * 10,
    ],
    ids=["popular ones", "gaps", "sparse", "one", "too few", "narrow"],
)
def test_anything_else_is_none(numbers):
    assert as_range(texts(numbers)) is None


def test_what_is_no_plain_number_is_no_range():
    assert as_range([f"{n:03}" for n in range(100)]) is None
    assert as_range([*texts(range(1, 100)), "x"]) is None


@given(st.lists(st.text(max_size=8), max_size=50))
def test_any_values_are_a_range_within_them_or_none(values):
    found = as_range(values)
    assert found is None or (str(found[0]) in values and str(found[1]) in values)


def settled(columns, rows):
    return settle(columns, rows, Names(), Secrets(), ["GET /"] * len(columns))


def test_equal_columns_share_a_place():
    columns = (Column("id", "path"), Column("book", "json"))
    result = settled(columns, [("a%20b", "a b"), ("c", "c")])
    assert result.texts == ("{id}", "{id}")
    assert sorted(result.data["id"]) == ["a b", "c"]


def test_more_rows_than_a_file_should_hold_are_drawn_from():
    rows = [(f"word{number % 5000}",) for number in range(20_000)]
    (values,) = settled((Column("q", "query"),), rows).data.values()
    assert sum(values.values()) == MOST_VALUES if isinstance(values, dict) else len(values)


def test_secrets_that_differ_are_a_file_that_the_user_supplies():
    columns = (Column("name", "form"), Column("password", "form"))
    result = settled(columns, [("anna", "one"), ("bert", "two")])
    assert result.texts == ("{account.name}", "{account.password}")
    assert result.data == {"account": "account.csv"}
    assert result.hidden["account"][0] == {"name": "anna", "password": "one"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "x"), ("newPassword", "x"), ("api_key", "x"), ("csrfmiddlewaretoken", "x"),
        ("sid", "x"), ("sig", "x"), ("q", "eyJhbGciOi.eyJzdWIiOi.x"), ("q", "ghp_" + "a1B2" * 6),
        ("q", "aB3dE6gH9jK2mN5pQ8sT1vW4"),
    ],
)  # fmt: skip
def test_secrets_are_known_by_name_or_looks(name, value):
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", ""), ("page", "2"), ("q", "war and peace"), ("author", "Le Guin"),
        ("id", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"), ("design", "oak"), ("session", "true"),
    ],
)  # fmt: skip
def test_plain_values_are_no_secrets(name, value):
    assert not is_secret(name, value)
