"""A plan on a terminal fits it, whatever was measured."""

from __future__ import annotations

import json
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surefoot.toolbox.plan.arithmetic import Wanted
from surefoot.toolbox.plan.connections import Room
from surefoot.toolbox.plan.measured import from_document
from surefoot.toolbox.plan.plan import make_plan
from surefoot.toolbox.report.plan_document import plan_document
from surefoot.toolbox.report.plan_screen import plan_screen

TODAY = date(2026, 11, 21)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rate=st.floats(0.5, 1e6),
    growth=st.floats(0.0, 3.0),
    most=st.integers(1, 10_000),
    surge=st.integers(0, 20),
    width=st.integers(60, 96),
)
def test_every_plan_can_be_told_within_the_width(document, rate, growth, most, surge, width):
    room = Room(most, min(3, most), "given")
    wanted = Wanted(rate, surge=surge, most_connections=most, reserved=room.reserved)
    plan = make_plan([from_document(document())], wanted, room, growth, TODAY)
    assert max(map(len, plan_screen(plan, width).splitlines())) <= width
    json.dumps(plan_document(plan), allow_nan=False)


def test_a_file_as_database_is_no_matter_of_connections(document):
    found = document(routes=[{"demands": {"db.cpu": 2.0}}])
    plan = make_plan([from_document(found)], Wanted(1000.0), Room(100, 3, "given"), 0.0, TODAY)
    text = plan_screen(plan)
    assert "connections" not in text
    assert "several hosts cannot share it" in " ".join(text.split())


def test_what_does_not_fit_says_what_would(document):
    room = Room(60, 3, "asked of the database")
    wanted = Wanted(1000.0, most_connections=60)
    plan = make_plan([from_document(document())], wanted, room, 0.0, TODAY)
    text = " ".join(plan_screen(plan).split())
    assert "they do not fit: 10 replicas do; a pool of 2 needs 28" in text
    assert plan_document(plan)["connections"]["fit"] is False
