"""Documents that a plan is made from, and those that none is made from."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surefoot.core.resources import Kind
from surefoot.errors import UsageError
from surefoot.toolbox.plan.measured import from_document, read


def test_it_reads_what_a_plan_needs(document):
    run = from_document(document())
    assert run.need(Kind.APP_CPU).bound == pytest.approx(125.0)
    assert run.database
    assert not run.embedded
    assert run.outside == ("http.prices:9001",)
    assert run.options[1].gain == 1.5


def test_sqlite_is_told_by_its_work_inside_the_workers(document):
    run = from_document(document(routes=[{"demands": {"db.cpu": 2.0}}]))
    assert run.embedded


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": 2}, "no measurement of schema 1"),
        ({"valid": False, "why_invalid": "it lagged"}, "it lagged"),
        ({"capacity": {"rps": 0.0, "low": 0.0, "high": 5.0}}, "no rate met"),
        ({"resources": []}, "names no resource"),
        ({"replicas": 0}, "does not hold"),
        ({"slots": "four"}, "does not hold"),
        ({"slots": 10**400}, "does not hold"),
        ({"resources": [{"name": "moon", "demand_ms": 1, "capacity": 1}]}, "does not hold"),
        ({"resources": [{"name": "app.cpu", "demand_ms": None, "capacity": 1}]}, "does not hold"),
    ],
)
def test_others_are_refused_with_the_reason(document, changes, said):
    with pytest.raises(UsageError, match=said):
        from_document(document(**changes))


@pytest.mark.parametrize("text", ["", "[1]", "{", '"x"', "null"])
def test_what_is_no_such_file_is_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UsageError):
        read(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "none.json")


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), value=values)
def test_no_value_in_any_place_does_more_than_be_refused(document, data, value):
    found = document()
    found[data.draw(st.sampled_from(sorted(found)))] = value
    try:
        measured = from_document(json.loads(json.dumps(found)))
    except UsageError as error:
        refused = error.do
    else:
        assert measured.replicas >= 1
        assert all(need.demand >= 0 and need.capacity >= 0 for need in measured.needs)
        return
    assert refused
