import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.stats import quantile, quantile_interval, share_interval, student

values = st.lists(st.floats(0, 1e3), min_size=1, max_size=200)


@given(values, st.floats(0, 1))
def test_a_quantile_is_a_value_that_its_share_stays_within(found, q):
    ordered = sorted(found)
    at = quantile(ordered, q)
    assert at in ordered
    assert sum(value <= at for value in ordered) >= q * len(ordered) - 1e-9


@given(st.lists(values, min_size=1, max_size=6), st.floats(0.5, 0.99))
def test_the_interval_holds_the_estimate(blocks, q):
    interval = quantile_interval(blocks, q)
    assert interval.low <= interval.value <= interval.high


def test_nothing_measured_is_known_of_nothing():
    assert math.isinf(quantile_interval([], 0.99).high)


def test_the_interval_covers_the_true_quantile_of_independent_draws():
    chance = random.Random(3)
    covered = 0
    for _ in range(300):
        blocks = [[chance.expovariate(1) for _ in range(200)] for _ in range(10)]
        interval = quantile_interval(blocks, 0.95, confidence=0.9)
        covered += interval.low <= -math.log(0.05) <= interval.high
    # 90 % of 300 is 270, its standard deviation 5.
    assert covered >= 255


def test_blocks_that_differ_widen_the_interval():
    chance = random.Random(4)
    alike = [[chance.random() for _ in range(100)] for _ in range(8)]
    differing = [[value * (1 + 3 * (index % 2)) for value in alike[index]] for index in range(8)]
    pooled = [sorted(v for block in differing for v in block)]
    assert (
        quantile_interval(differing, 0.9).high - quantile_interval(differing, 0.9).low
        > quantile_interval(pooled, 0.9).high - quantile_interval(pooled, 0.9).low
    )


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_within_its_interval(count, total):
    count = min(count, total)
    interval = share_interval(count, total)
    assert 0 <= interval.low <= interval.value + 1e-12
    assert interval.value - 1e-12 <= interval.high <= 1


@pytest.mark.parametrize(
    ("p", "freedom", "tabled"),
    [
        (0.95, 5, 2.0150), (0.975, 5, 2.5706), (0.975, 10, 2.2281), (0.95, 20, 1.7247),
        (0.975, 28, 2.0484), (0.99, 10, 2.7638), (0.5, 7, 0.0),
    ],
)  # fmt: skip
def test_student_s_quantiles_are_those_of_the_tables(p, freedom, tabled):
    assert student(p, freedom) == pytest.approx(tabled, rel=0.002, abs=1e-9)


def test_student_s_quantiles_say_nothing_of_too_few():
    assert student(0.95, 4) == math.inf
