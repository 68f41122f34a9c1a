import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.core.records import HostUse, RatePoint, Slo
from surefoot.toolbox.analysis.search import (
    Search,
    judge,
    judged_quantile,
    needed,
    point_seconds,
)

SLO = Slo(0.25, 0.99, 0.001)
IDLE = HostUse(1.0, 2, 0.0, 0.0, 0.0, 0.0, 0.0)


def point(rate, verdict, sent=100, errors=0):
    return RatePoint(
        rate=rate,
        seconds=4.0,
        sent=sent,
        completed=sent,
        errors=errors,
        p50=0.01,
        p99=0.02,
        quantile=0.02,
        low=0.01,
        high=0.03,
        verdict=verdict,
        why="",
        judged=0.99,
        valid=True,
        why_invalid="",
        host=IDLE,
    )


@given(st.floats(1, 5000), st.floats(0.2, 4))
def test_the_search_closes_in_on_the_true_capacity_from_any_guess(truth, off):
    search = Search(SLO, truth * off, truth * 3)
    for _ in range(40):
        rate = search.propose()
        if rate is None:
            break
        search.add(point(rate, "pass" if rate <= truth else "fail"))
    capacity = search.capacity
    assert capacity.low <= truth <= capacity.high
    assert capacity.high <= capacity.low * 1.09


def test_a_good_guess_needs_few_points():
    search = Search(SLO, 100.0, 200.0)
    count = 0
    while (rate := search.propose()) is not None:
        search.add(point(rate, "pass" if rate <= 103 else "fail"))
        count += 1
    assert count <= 5


@given(st.lists(st.sampled_from(["pass", "fail", "undecided"]), min_size=1, max_size=12))
def test_points_that_contradict_each_other_leave_an_ordered_bracket(verdicts):
    search = Search(SLO, 100.0, 300.0)
    for verdict in verdicts:
        rate = search.propose()
        if rate is None:
            break
        assert 0 < rate < math.inf
        search.add(point(rate, verdict))
    capacity = search.capacity
    assert 0 <= capacity.low <= capacity.rps <= max(capacity.high, capacity.rps)


def test_never_a_point_that_passed_is_a_capacity_of_nothing():
    search = Search(SLO, 100.0, 200.0)
    search.add(point(92.0, "fail"))
    assert search.capacity.rps == 0.0
    assert search.capacity.high == 92.0


def test_errors_too_rare_for_one_point_are_judged_over_all_that_passed():
    search = Search(SLO, 100.0, 200.0)
    for rate in (92.0, 100.0, 108.0, 116.0):
        # Two in 500: no single point excludes one in a thousand, all of them together do.
        search.add(point(rate, "pass", sent=500, errors=2))
    assert search.errors.low > SLO.errors
    assert search.capacity.rps == 0.0


@settings(deadline=None)
@given(st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_a_quantile_is_judged_only_by_enough_requests(q):
    slo = Slo(0.25, q, 0.001)
    enough = needed(q)
    assert judged_quantile(slo, enough, 1.0) == q
    assert judged_quantile(slo, 20, 1.0) == 0.5
    assert needed(0.99) == 1000
    assert needed(0.95) == 200


@given(st.floats(0.5, 1e4), st.floats(1.0, 100))
def test_a_point_never_lasts_longer_than_what_is_left(rate, left):
    assert 0 < point_seconds(SLO, rate, 100.0, left) <= left


def test_a_slow_application_gets_four_points_and_a_fast_one_short_ones():
    assert point_seconds(SLO, 20.0, 40.0, 40.0) == 10.0
    assert point_seconds(SLO, 5000.0, 40.0, 40.0) == 3.0


def blocks(median, count=10, each=150, seed=1):
    chance = random.Random(seed)
    return [[chance.expovariate(1 / median) for _ in range(each)] for _ in range(count)]


@pytest.mark.parametrize(
    ("found", "errors", "kept_up", "verdict"),
    [
        (blocks(0.01), 0, 1.0, "pass"),
        (blocks(0.5), 0, 1.0, "fail"),
        (blocks(0.01), 150, 1.0, "fail"),
        (blocks(0.01), 0, 0.8, "fail"),
        ([], 0, 1.0, "fail"),
        ([[0.01] * 100, [0.02] * 100, [0.05] * 100, [0.1] * 100, [0.2] * 100], 0, 1.0, "undecided"),
    ],
)
def test_a_point_is_judged_by_interval_errors_and_whether_it_kept_up(
    found, errors, kept_up, verdict
):
    assert judge(SLO, 0.99, found, errors=errors, kept_up=kept_up).verdict == verdict
