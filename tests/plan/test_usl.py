"""The fitted curve finds the law behind its points, and says how sure it is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.core.usl import Usl
from surefoot.errors import UsageError
from surefoot.toolbox.plan.usl import fit

laws = st.builds(Usl, st.floats(1.0, 1e4), st.floats(0.0, 0.9), st.floats(0.0, 0.05))


@settings(max_examples=30, deadline=None)
@given(laws)
def test_points_of_a_law_give_the_law_back(law):
    found = fit([(count, law.throughput(count)) for count in (1, 2, 4, 8, 16)], 1).law
    assert found.single == pytest.approx(law.single, rel=1e-4)
    assert found.contention == pytest.approx(law.contention, abs=1e-4)
    assert found.coherency == pytest.approx(law.coherency, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.floats(1.0, 1e5)), min_size=4, max_size=12))
def test_any_points_give_a_law_that_can_be(points):
    if len({count for count, _ in points}) < 3:
        return
    found = fit(points, 20)
    assert found.law.single > 0
    assert found.law.contention >= 0
    assert found.law.coherency >= 0
    for count in (1, 2, 5, 12):
        at = found.at(count)
        assert 0 <= at.low <= at.value <= at.high
    peak = found.interval("peak")
    assert peak.low <= peak.value <= peak.high


@given(laws)
def test_the_peak_is_where_no_neighbour_does_more(law):
    if law.peak < 1e4:
        peak = law.throughput(law.peak)
        assert peak >= law.throughput(max(1.0, law.peak * 0.9)) * (1 - 1e-9)
        assert peak >= law.throughput(law.peak * 1.1) * (1 - 1e-9)


def test_a_straight_line_has_no_peak():
    assert Usl(100.0, 0.0, 0.0).peak == math.inf


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    import random

    law = Usl(100.0, 0.08, 0.004)
    chance = random.Random(7)
    held = 0
    for _ in range(32):
        points = [
            (count, law.throughput(count) * (1 + chance.gauss(0, 0.03)))
            for count in (1, 1, 2, 2, 3, 4, 4, 6, 8, 8)
        ]
        at = fit(points, 100).at(6)
        held += at.low <= law.throughput(6) <= at.high
    assert held >= 23


@pytest.mark.parametrize(
    "points",
    [
        [(1, 100.0), (2, 190.0), (4, 300.0)],
        [(1, 100.0), (1, 101.0), (2, 190.0), (2, 189.0)],
        [(1, 0.0), (2, 190.0), (4, 300.0), (8, 400.0)],
    ],
)
def test_too_few_points_are_refused(points):
    with pytest.raises(UsageError):
        fit(points)
