"""The time in the queue, in every way that balancers write it, and nothing from nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.web.queued import queued_ns

NOW = 1_700_000_002_500_000_000


@pytest.mark.parametrize(
    "header",
    [
        "t=1700000000.123456",
        "1700000000.123456",
        "1700000000123.456",
        "t=1700000000123456",
        "1700000000123456000",
    ],
)
def test_seconds_milliseconds_and_microseconds_are_understood(header):
    assert abs(queued_ns(header, NOW) - 2_376_544_000) < 1000


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "soon",
        "-5",
        "17",
        "t=1700000009",  # in the future
        "t=1690000000",  # months ago
        "1e9",
        "१७००००००००",
        "1700000000.१",
        "9" * 400,
        "nan",
    ],
)
def test_what_makes_no_sense_counts_as_no_time(header):
    assert queued_ns(header, NOW) == 0


@given(st.text(max_size=40))
def test_no_header_is_an_error(header):
    assert 0 <= queued_ns(header, NOW) <= 300 * 10**9
