"""A mean at equal conditions."""

import math
import random
from statistics import fmean, linear_regression, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.core.regression import intercept

seeds = st.integers(0, 10_000)


def drawn(seed, count, columns):
    draw = random.Random(seed)
    return [[draw.gauss(1, 2) for _ in range(count)] for _ in range(columns)]


@given(seeds, st.integers(2, 40))
def test_without_columns_it_is_the_mean(seed, count):
    (values,) = drawn(seed, count, 1)
    fit = intercept(values, [])
    assert fit.value == pytest.approx(fmean(values))
    assert fit.deviation == pytest.approx(stdev(values))
    assert (fit.effective, fit.fitted) == (pytest.approx(count), 1)


@given(seeds, st.integers(4, 40))
def test_with_one_column_it_is_the_textbook_line(seed, count):
    values, column = drawn(seed, count, 2)
    line = linear_regression(column, values)
    assert intercept(values, [column]).value == pytest.approx(line.intercept)


@given(seeds, st.integers(6, 40), st.lists(st.floats(-9, 9), min_size=4, max_size=4))
def test_what_is_a_sum_of_its_columns_is_found_exactly(seed, count, slopes):
    columns = drawn(seed, count, 3)
    values = [
        slopes[3] + math.fsum(s * x for s, x in zip(slopes, row, strict=False))
        for row in zip(*columns, strict=True)
    ]
    fit = intercept(values, columns)
    assert fit.value == pytest.approx(slopes[3], abs=1e-7)
    assert fit.deviation == pytest.approx(0, abs=1e-7)


@given(seeds, st.integers(6, 40), st.floats(0.1, 50))
def test_columns_that_say_nothing_new_change_nothing(seed, count, scale):
    values, one, other = drawn(seed, count, 3)
    plain = intercept(values, [one, other])
    double = [scale * x - y for x, y in zip(one, other, strict=True)]
    more = intercept(values, [one, other, double, [0.0] * count])
    assert more.value == pytest.approx(plain.value, rel=1e-6, abs=1e-9)
    assert more.fitted == plain.fitted == 3


@given(seeds, st.integers(6, 40))
@settings(max_examples=40)
def test_the_order_of_the_columns_does_not_matter(seed, count):
    values, *columns = drawn(seed, count, 4)
    one, other = intercept(values, columns), intercept(values, columns[::-1])
    assert one.value == pytest.approx(other.value, rel=1e-6, abs=1e-9)
    assert one.deviation == pytest.approx(other.deviation, rel=1e-6)
    assert one.effective == pytest.approx(other.effective, rel=1e-6)


def test_its_standard_error_is_what_it_scatters_by():
    draw, found, said = random.Random(2), [], []
    for _ in range(2000):
        columns = [[draw.gauss(0.5, 1) for _ in range(12)] for _ in range(2)]
        values = [x - 2 * y + draw.gauss(0, 1) for x, y in zip(*columns, strict=True)]
        fit = intercept(values, columns)
        found.append(fit.value)
        said.append(fit.deviation**2 / fit.effective)
    assert fmean(found) == pytest.approx(0, abs=0.05)
    assert math.sqrt(fmean(said)) == pytest.approx(stdev(found), rel=0.05)
