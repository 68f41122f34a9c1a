"""Growth in words, months and dates."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import UsageError
from surefoot.toolbox.plan.growth import date_after, months_until, parse_growth


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("15%/month", 0.15),
        ("+15 % per month", 0.15),
        ("100%/year", 2 ** (1 / 12) - 1),
        ("10%/quarter", 1.1 ** (1 / 3) - 1),
        ("0%/month", 0.0),
    ],
)
def test_growth_is_a_share_a_month(text, share):
    assert parse_growth(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["15", "15%", "fast", "-3%/month", "15%/day", ""])
def test_what_is_no_growth_is_refused(text):
    with pytest.raises(UsageError, match="growth"):
        parse_growth(text)


@given(st.floats(1, 1e5), st.floats(1.001, 100), st.floats(0.01, 2))
def test_after_those_months_the_rate_is_the_limit(rate, factor, growth):
    months = months_until(rate * factor, rate, growth)
    assert rate * (1 + growth) ** months == pytest.approx(rate * factor)


def test_what_does_not_grow_never_runs_out_and_what_is_out_is_out_now():
    assert months_until(200, 100, 0.0) == math.inf
    assert months_until(math.inf, 100, 0.1) == math.inf
    assert months_until(90, 100, 0.1) == 0.0
    assert date_after(date(2026, 11, 21), math.inf) is None


def test_months_carry_over_the_year():
    assert date_after(date(2026, 11, 21), 2.7) == date(2027, 1, 1)
    assert date_after(date(2026, 11, 21), 0.0) == date(2026, 11, 1)
