"""How many requests would find an answer, counted on the requests themselves."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.http_cache.reuse import Asking, curves, share

STREAMS = st.lists(
    st.builds(
        lambda number, writes: (
            Asking("", "", writes=f"/{number}")
            if writes
            else Asking(f"GET {number % 2}", f"/{number}", path=f"/{number}")
        ),
        st.integers(0, 5),
        st.booleans(),
    ),
    max_size=200,
)


def uniform(keys, count, seed=1):
    draw = random.Random(seed)
    return [Asking("GET /", f"/{draw.randrange(keys)}") for _ in range(count)]


@given(STREAMS)
def test_a_longer_life_never_finds_less(stream):
    for curve in curves(stream).values():
        lives, hits = zip(*curve, strict=True)
        assert list(lives) == sorted(set(lives))
        assert all(0 <= hit <= 1 for hit in hits)


@given(STREAMS, st.floats(0, 1000), st.floats(0, 1000))
def test_between_points_it_rises_as_they_do(stream, one, other):
    for curve in curves(stream).values():
        values = [hits for _, hits in curve]
        low, high = sorted((share(curve, one), share(curve, other)))
        assert 0 <= low <= high <= max(values)


@pytest.mark.parametrize(("keys", "life"), [(10, 64), (100, 64), (1000, 1024), (1000, 8192)])
def test_it_is_what_theory_says_of_requests_at_random(keys, life):
    """Each key's answer is made, lives for so many requests, and is made by the next one after:

    of 1 + life / keys requests for it one is made (Jung, Berger and Balakrishnan, Modeling
    TTL-based Internet caches, 2003).
    """
    (curve,) = curves(uniform(keys, 40_000)).values()
    expected = life / keys / (1 + life / keys)
    assert dict(curve)[life] == pytest.approx(expected, abs=0.02)


def test_a_write_makes_what_was_kept_of_its_path_gone():
    reads = [Asking("GET /", "/a?x", path="/a")] * 2
    quiet = reads * 50
    written = [*reads, Asking("", "", writes="/a")] * 50
    elsewhere = [*reads, Asking("", "", writes="/b")] * 50
    ratios = [dict(curves(stream)["GET /"])[32] for stream in (quiet, written, elsewhere)]
    assert ratios == [pytest.approx(0.97, abs=0.03), 0.5, pytest.approx(0.97, abs=0.03)]


def test_of_nothing_there_is_no_curve_and_no_share():
    assert curves([]) == {}
    assert share((), 100) == 0.0
    assert share(((8, 0.5),), 0) == 0.0
    assert share(((8, 0.5), (16, 0.6)), 4) == 0.25
    assert share(((8, 0.5), (16, 0.6)), 10**9) == 0.6
