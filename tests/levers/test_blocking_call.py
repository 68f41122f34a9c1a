"""Which lines keep an event loop, and what is left of them when they no longer do."""

import dataclasses

import pytest

from diagnosed import Shop
from surefoot.core.records import StackSample
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers import blocking_call


def case(alone, crowded, **needs):
    """Stacks of ``GET /`` as (state, line, samples), of each 25 ms for 100 requests."""
    told = {"cpu": 0.002, "other": 0.020, "loop": 0.022, "interface": "asgi", "slots": 20} | needs
    shop = Shop(**told)

    def stacks(seen):
        return tuple(StackSample(1, "GET /", state, (), site, n) for state, site, n in seen)

    serial, busy = shop.evidence.probes
    probes = (
        dataclasses.replace(serial, stacks=stacks(alone)),
        dataclasses.replace(busy, stacks=stacks(crowded)),
    )
    return Case(dataclasses.replace(shop.evidence, probes=probes), shop.model, None)


def test_a_call_that_keeps_the_loop_takes_as_long_in_a_crowd():
    shown = case(
        alone=[("driver", "shop.py:5", 72), ("wait", "shop.py:9", 8), ("cpu", "shop.py:7", 8)],
        crowded=[("driver", "shop.py:5", 75), ("wait", "shop.py:9", 900), ("cpu", "shop.py:7", 9)],
    )
    assert [site for _, site, _ in blocking_call.blocking_sites(shown)] == ["shop.py:5"]
    (found,) = blocking_call.steps(shown)
    assert found.where == "shop.py:5"
    # 72 samples of 25 ms for 100 requests.
    assert found.model.alone.blocked == pytest.approx(0.020 - 0.018)


def test_what_no_longer_keeps_the_loop_is_waited_for_all_the_same():
    (found,) = blocking_call.steps(case([("wait", "shop.py:5", 80)], [("wait", "shop.py:5", 80)]))
    assert found.model.alone.blocked == 0.0
    assert found.model.full.blocked == 0.0
    assert found.model.alone.response == pytest.approx(0.022)
    assert found.model.delay == pytest.approx(0.020)
    assert found.model.uncorrected > 400


def test_a_line_that_hardly_stands_still_is_not_shown():
    shown = case(
        alone=[("wait", "shop.py:5", 72), ("wait", "shop.py:9", 2)],
        crowded=[("wait", "shop.py:5", 72), ("wait", "shop.py:9", 2)],
    )
    assert [found.where for found in blocking_call.steps(shown)] == ["shop.py:5"]


def test_no_line_frees_more_than_there_was():
    twice = [("wait", "shop.py:5", 80), ("lock", "shop.py:9", 800)]
    for found in blocking_call.steps(case(twice, twice)):
        assert found.model.alone.blocked >= 0.0
        assert found.model.alone.wall == pytest.approx(0.022)
