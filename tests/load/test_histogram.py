import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.histogram import Histogram

VALUES = st.lists(st.floats(min_value=1e-9, max_value=1e6), min_size=1, max_size=300)


def exact(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[max(1, math.ceil(q * len(ordered))) - 1]


@given(VALUES, st.floats(min_value=0, max_value=1))
def test_a_quantile_is_within_the_stated_error(values, q):
    truth = exact(values, q)
    assert Histogram(values).quantile(q) == pytest.approx(truth, rel=Histogram.RELATIVE_ERROR)


@given(VALUES, VALUES, st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_merging_is_counting_both(first, second, q):
    merged = Histogram(first)
    merged.merge(Histogram(second))
    whole = Histogram(first + second)
    assert merged.quantile(q) == whole.quantile(q)
    assert merged.buckets() == whole.buckets()
    assert (merged.count, merged.minimum, merged.maximum) == (
        whole.count, whole.minimum, whole.maximum,
    )  # fmt: skip
    assert merged.total == pytest.approx(whole.total)


@given(VALUES)
def test_quantiles_grow_and_stay_between_the_extremes(values):
    histogram = Histogram(values)
    shown = [histogram.quantile(q / 20) for q in range(21)]
    assert all(a <= b for a, b in itertools.pairwise(shown))
    assert histogram.minimum <= shown[0]
    assert shown[-1] == histogram.maximum


@given(VALUES, st.floats(min_value=1e-9, max_value=1e6))
def test_the_count_above_a_value_is_off_by_its_own_bucket_at_most(values, limit):
    counted = Histogram(values).count_above(limit)
    reach = 2 * Histogram.RELATIVE_ERROR + 1e-6
    assert sum(v > limit * (1 + reach) for v in values) <= counted <= sum(v > limit for v in values)


def test_of_nothing_every_figure_is_zero():
    empty = Histogram()
    assert empty.quantiles(0.5, 0.99) == (0.0, 0.0)
    assert (empty.count, empty.mean, empty.maximum, empty.count_above(0.0)) == (0, 0.0, 0.0, 0)


def test_zero_and_less_count_as_zero():
    histogram = Histogram([0.0, -1.0, 0.0, 2.0])
    assert histogram.quantile(0.5) == 0.0
    assert histogram.count_above(0.0) == 1


def test_more_values_than_one_pass_counts():
    values = [float(n) for n in range(1, 50_001)]
    histogram = Histogram(values)
    assert histogram.count == 50_000
    assert histogram.mean == pytest.approx(25_000.5)
    assert histogram.quantile(0.9) == pytest.approx(45_000, rel=Histogram.RELATIVE_ERROR)


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match="finite"):
        Histogram([1.0, value])
