"""Laws of the breaker, under any order of failures and trials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.breaker import CLOSED, FIRST_PAUSE, LONGEST_PAUSE, Breaker, Position

steps = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["failed", "well", "badly", "nothing"])), max_size=50
)


@given(steps)
def test_it_closes_by_a_good_trial_only_and_trials_are_never_far_apart(steps):
    breaker, now = CLOSED, 0.0
    failures = 0
    for passed, what in steps:
        now += passed
        before = breaker
        if what == "failed":
            failures += 1
            breaker = breaker.failed(now)
            assert breaker.position is not Position.CLOSED
        elif what != "nothing" and breaker.is_due(now):
            breaker = breaker.trying().tried(now, well=what == "well")
            assert (breaker.position is Position.CLOSED) == (what == "well")
        if before.position is Position.OPEN and breaker.position is Position.CLOSED:
            assert what == "well"
        if breaker.position is Position.OPEN:
            assert FIRST_PAUSE <= breaker.pause <= LONGEST_PAUSE
            assert not breaker.is_due(breaker.due - 0.001)
            assert breaker.is_due(breaker.due)
        assert breaker.opened <= failures


def test_failures_while_it_is_open_do_not_put_the_trial_off():
    opened = CLOSED.failed(10.0)
    assert opened.failed(10.09) == opened
    assert opened.trying().failed(10.2) == opened.trying()


def test_pauses_grow_to_their_bound():
    breaker, pauses = CLOSED.failed(0.0), []
    for _ in range(4):
        pauses.append(breaker.pause)
        breaker = breaker.trying().tried(breaker.due, well=False)
    assert pauses == [0.1, 0.2, 0.4, 0.4]


@pytest.mark.parametrize(
    "wrong",
    [
        CLOSED.trying,
        lambda: CLOSED.tried(0.0, well=True),
        Breaker(Position.TRYING).trying,
        lambda: Breaker(Position.OPEN).tried(0.0, well=True),
    ],
)
def test_a_trial_has_its_place(wrong):
    with pytest.raises(ValueError, match="a breaker that is"):
        wrong()
