"""A claim holds about twice as long as computing takes."""

from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.cache.compute_time import LEAST, MOST, UNKNOWN, ComputeTime

SECONDS = st.floats(0, 1e6)


def test_before_anything_is_known():
    time = ComputeTime()
    assert time.longest is None
    assert time.claim_ms == 1000 * UNKNOWN


def test_one_slow_time_counts_at_once_and_is_forgotten_slowly():
    time = ComputeTime()
    for _ in range(100):
        time.saw(1.0)
    time.saw(10.0)
    assert time.claim_ms == 20_000
    for _ in range(10):
        time.saw(1.0)
    assert 8_000 < time.claim_ms < 20_000
    for _ in range(100):
        time.saw(1.0)
    assert 2_000 <= time.claim_ms < 2_050


@given(st.lists(SECONDS, min_size=1))
def test_it_lies_between_the_newest_and_the_longest(seconds):
    time = ComputeTime()
    for each in seconds:
        time.saw(each)
    assert seconds[-1] <= time.longest <= max(seconds)
    assert 1000 * LEAST <= time.claim_ms <= 1000 * MOST
    assert time.claim_ms >= min(2000 * seconds[-1], 1000 * MOST) - 1
