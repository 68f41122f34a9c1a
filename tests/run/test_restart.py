"""When what has died is started again."""

from hypothesis import given
from hypothesis import strategies as st

from surefoot.toolbox.stack.restart import LONGEST_DELAY, SHORT, Lives

ends = st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=30)


def after(history):
    lives = Lives()
    for lasted, was_up in history:
        lives = lives.ended(lasted, was_up=was_up)
    return lives


def test_after_a_life_that_worked_it_is_started_at_once():
    lives = after([(SHORT + 1, True)])
    assert lives.delay == 0
    assert not lives.hopeless


@given(ends)
def test_a_life_that_worked_forgives_all_that_was_before(history):
    assert after([*history, (SHORT, True)]) == Lives()


@given(ends)
def test_a_delay_is_bounded_and_grows_with_every_short_life(history):
    lives = after(history)
    next_one = lives.ended(0.0, was_up=True)
    assert 0 <= lives.delay <= next_one.delay <= LONGEST_DELAY


@given(st.integers(0, 20))
def test_one_that_never_answers_is_given_up_before_one_that_does(count):
    never = after([(0.0, False)] * count)
    up_but_short = after([(1.0, True)] * count)
    assert never.hopeless or not up_but_short.hopeless
    assert never.hopeless == (count >= 4)
    assert up_but_short.hopeless == (count >= 8)
