"""Threads are doubled where requests wait, halved where they only get in each other's way."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from diagnosed import case_of
from surefoot.toolbox.levers import threads


def contended(found, factor):
    """The same case, in which a request costs that much more CPU among others than alone."""
    model = found.model
    full = replace(model.full, app=model.alone.app * factor)
    return replace(found, model=model.changed(full=full))


def test_fewer_where_others_make_each_request_dearer():
    (step,) = threads.steps(contended(case_of(cpu=0.010), 1.5))
    (edit,) = step.action
    assert (edit.key, edit.before, edit.after) == ("server.threads", 4, 1)
    assert "10.0 ms" in step.because


def test_none_fewer_where_that_costs_nothing():
    assert list(threads.steps(contended(case_of(cpu=0.010), 1.02))) == []


@settings(deadline=None)
@given(
    factor=st.floats(1.0, 4.0), outside=st.floats(0.0, 0.2), slots=st.sampled_from([1, 2, 4, 16])
)
def test_whatever_is_proposed_the_model_gains_by_it(factor, outside, slots):
    found = contended(case_of(cpu=0.005, outside=outside, slots=slots), factor)
    for step in threads.steps(found):
        assert step.model.uncorrected >= found.model.uncorrected * 1.05
        assert step.action[0].after == step.model.slots != slots
