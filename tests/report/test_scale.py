"""Axes: values stand in order, inside, and beside round numbers."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from surefoot.toolbox.report.scale import linear, logarithmic

values = st.floats(1e-9, 1e12)


def is_round(value: float) -> bool:
    digits = value / 10 ** math.floor(math.log10(value) + 1e-9)
    return any(math.isclose(digits, nice, rel_tol=1e-6) for nice in (1, 2, 5))


@given(values, st.integers(3, 12), st.booleans())
def test_a_linear_axis_begins_at_nothing_and_has_few_even_round_steps(high, most, fill):
    axis = linear(high, 0, 100, most=most, fill=fill)
    assert axis.low == 0
    assert axis.high >= high * (1 - 1e-9)
    assert 2 <= len(axis.ticks) <= most + 1
    assert is_round(axis.ticks[1])
    assert all(axis.holds(tick) for tick in axis.ticks)


@given(values, st.floats(1, 1e12), st.integers(4, 12))
def test_a_logarithmic_axis_covers_its_values_and_labels_few_of_them(low, factor, most):
    axis = logarithmic(low, low * factor, 0, 100, most=most)
    assert axis.low <= low * (1 + 1e-6)
    assert axis.high >= low * factor * (1 - 1e-6)
    assert 1 <= len(axis.ticks) <= most
    assert all(is_round(tick) for tick in axis.ticks)


@given(st.floats(allow_nan=True), values, values)
def test_whatever_the_value_is_its_place_is_on_the_axis(value, low, high):
    assume(high > low * 1.01)
    for axis in (linear(high, 50, 10, most=5), logarithmic(low, high, 50, 10, most=5)):
        assert 10 <= axis.at(value) <= 50


@given(values, values, values, values)
def test_a_larger_value_never_stands_lower(a, b, low, high):
    assume(high > low * 1.01)
    a, b = sorted((a, b))
    for axis in (linear(high, 0, 10, most=5), logarithmic(low, high, 0, 10, most=5)):
        assert axis.at(a) <= axis.at(b) + 1e-9


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_what_never_came_back_stands_at_the_top(value):
    assert linear(10, 400, 0, most=5).at(value) == 0
