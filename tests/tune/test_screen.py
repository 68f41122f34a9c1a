"""What a terminal and a program are told of a tune, whatever happened in it."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.measures import Measure
from surefoot.core.proof import Answers, Difference, Outcome, Ratio
from surefoot.core.records import Finding
from surefoot.toolbox.report.tune_document import tune_document
from surefoot.toolbox.report.tune_screen import tune_screen
from surefoot.toolbox.report.walk import gain_interval
from surefoot.toolbox.tune.run import Tuned
from surefoot.toolbox.tune.state import Goal, State, Step, Stopped


def walked(make, stopped=Stopped.EDITS_LEFT, until=500.0, fresh=True):
    first, second = make.change(), make.change("replicas", 1.9, "server.replicas", 2)
    wrong = make.verdict(
        Outcome.WRONG_ANSWERS,
        ratios={},
        why="2 of 60 answers differ",
        answers=Answers(60, 2, (Difference("GET /visits", "body", "/count", "4", "2"),)),
        findings=(Finding("VISITS is kept in the process", "shop/visits.py", 12),),
    )
    changes = (first, second, make.edit(3.1), make.outside())
    state = State(
        Goal(until, 600.0),
        found=(make.found(96.0, *changes, slo="p99 <= 250 ms"), make.found(140.0, *changes)),
        fresh=fresh,
        steps=(Step(first, make.verdict(), 2), Step(second, wrong, 3)),
    )
    return Tuned(state, stopped, seconds=301.2)


def test_the_table_has_a_row_for_each_change_kept_or_dropped(make):
    text = tune_screen(walked(make), "shop.wsgi:application")
    assert "96/s -> 140/s within p99 <= 250 ms" in text
    assert "threads: server.threads 4 -> 8" in text
    assert "x1.50    x1.40  1.34 to 1.46   BETTER" in text
    assert "kept (change 2)" in text
    assert "wrong answers" in text
    assert "dropped (change 3): 2 of 60 answers differ" in text
    assert "shop/visits.py:12: VISITS is kept in the process" in text
    assert "in all x 1.46" in text


def test_edits_are_printed_best_first_with_place_and_instruction(make):
    text = tune_screen(walked(make), "shop")
    assert text.index("eager-load") < text.index("add-index")
    assert "shop/views.py:41: load it at once" in text
    assert "CREATE INDEX i ON b (c)" in text
    assert "undo: DROP INDEX i" in text


@given(
    width=st.integers(60, 96),
    stopped=st.sampled_from(Stopped),
    until=st.floats(1, 1e5) | st.just(math.inf),
    fresh=st.booleans(),
)
def test_no_line_is_wider_than_the_terminal(make, width, stopped, until, fresh):
    text = tune_screen(walked(make, stopped, until, fresh), "shop.wsgi:application", width)
    assert max(map(len, text.splitlines())) <= width


def test_the_document_holds_what_others_rely_on(make):
    found = json.loads(json.dumps(tune_document(walked(make), "shop"), allow_nan=False))
    assert found["start"]["rps"] == 96.0
    assert found["end"]["rps"] == 140.0
    first, second = found["steps"]
    assert first["lever"] == "threads"
    assert first["where"] == "server.threads"
    assert first["predicted_gain"] == 1.5
    assert first["proven_gain"] == 1.4
    assert first["proven_interval"] == {"value": 1.4, "low": 1.344, "high": 1.456}
    assert (first["verdict"], first["decided_on"], first["kept"]) == ("better", "capacity", True)
    assert (second["verdict"], second["kept"]) == ("wrong-answers", False)
    assert second["proven_gain"] is None
    assert second["answers"]["differing"] == 2
    assert [edit["lever"] for edit in found["edits"]] == ["eager-load", "add-index"]
    assert found["edits"][0]["file"] == "shop/views.py"
    assert found["stopped"] == "only edits are left, and those are yours to make"


def test_what_was_not_measured_any_more_is_not_told(make):
    found = tune_document(walked(make, Stopped.INTERRUPTED, fresh=False), "shop")
    assert found["end"] is None
    assert found["total_gain"] is None


@pytest.mark.parametrize("stopped", list(Stopped))
def test_a_tune_that_never_measured_can_be_told(stopped):
    done = Tuned(State(Goal(math.inf, 600.0)), stopped)
    assert "nothing was measured" in tune_screen(done, "shop")
    json.dumps(tune_document(done, "shop"), allow_nan=False)


def test_a_gain_is_above_one_for_the_better_whatever_it_is_decided_on(make):
    cheaper = make.verdict(decided_on=Measure.CPU, ratios={Measure.CPU: Ratio(0.8, 0.75, 0.85)})
    gain = gain_interval(cheaper)
    assert gain.value == pytest.approx(1.25)
    assert gain.low < gain.value < gain.high


def test_wrong_answers_of_the_application_itself_stand_above_everything(make):
    found = make.found(96.0, unsafe="with 4 requests at a time 2 of 60 answers are wrong")
    advised = make.found(96.0, unsafe=found.unsafe, remedy="set threads = 1 under [server]")
    for each in (found, advised):
        tuned = Tuned(State(Goal(500.0, 600.0), found=(each,), fresh=True), Stopped.UNSAFE)
        first = tune_screen(tuned, "shop").partition("96/s")[0]
        assert first.startswith("WRONG ANSWERS: with 4 requests at a time 2 of 60")
        assert ("set threads = 1" in first) == bool(each.remedy)
        assert tune_document(tuned, "shop")["measured"][0]["unsafe"] == found.unsafe
