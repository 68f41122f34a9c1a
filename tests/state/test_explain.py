"""From steps that differ to lines, from files to findings, and the order in which is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.core.witness import Opened, Sighting, Watch
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.state.candidate import Candidate, Strength
from surefoot.toolbox.state.explain import Changed, culprits, merged
from surefoot.toolbox.state.files import local_files
from surefoot.toolbox.state.script import ANONYMOUS, MOST, script

READERS = {("/a", 1): frozenset({"a:X"}), ("/a", 5): frozenset({"a:Y"})}


def line(number, key, strength=Strength.CERTAIN, owner=None):
    lines = frozenset({number}) if number else frozenset()
    return Candidate("a.py", number, "", key, strength, "/a", lines, frozenset({key}), owner)


def seen(step, lines=(), functions=(), opened=(), status=200):
    places = [frozenset(("/a", number) for number in some) for some in (lines, functions)]
    return Sighting(step, f"GET /{step}", status, *places, tuple(opened))


def blamed(changed, candidates, *sightings):
    steps = [Changed(step, f"GET /{step}", 200, 200) for step in changed]
    found = culprits(steps, candidates, merged(sightings), READERS)
    return [each.candidate.name for each in found]


def test_who_reads_what_was_written_before():
    x, y = line(2, "a:X"), line(6, "a:Y")
    walk = [seen(0, [2], [1]), seen(1, [6], [5]), seen(2, [], [1])]
    assert blamed([2], [x, y], *walk) == ["a:X"]


def test_what_is_written_later_explains_nothing_before():
    x, y = line(2, "a:X"), line(6, "a:Y")
    walk = [seen(0, [6], [5, 1]), seen(1, [2], [1])]
    assert blamed([0], [x, y], *walk) == ["a:Y"]


def test_what_is_touched_by_everybody_explains_less():
    often, rarely = line(2, "a:X"), line(6, "a:Y")
    walk = [seen(n, [2], [1]) for n in range(5)]
    walk += [seen(5, [2, 6], [1, 5]), seen(6, [2], [1, 5])]
    assert blamed([6], [often, rarely], *walk) == ["a:Y"]


def test_what_a_call_makes_for_itself_is_not_kept():
    mine = line(2, "a:X", owner=("/a", 1))
    assert blamed([1], [mine], seen(0, [2], [1]), seen(1, [2], [1])) == []


def test_a_page_from_a_cache_executes_nothing_and_is_explained_all_the_same():
    often, cache = line(2, "a:X"), line(6, "a:Z", Strength.CACHE)
    books = [Sighting(n, "GET /books", 200) for n in (4, 5)]
    filled = Sighting(3, "GET /books", 200, frozenset({("/a", 6), ("/a", 2)}))
    counted = [replace(each, functions=frozenset({("/a", 1)})) for each in (filled, *books)]
    walk = [*(seen(n, [2], [1]) for n in range(3)), *counted]
    assert blamed([5], [often, cache], *walk) == ["a:Z"]


def test_a_secret_explains_what_nothing_else_does():
    secret = line(0, "a:KEY", Strength.SECRET)
    assert blamed([1], [secret], seen(0), seen(1)) == ["a:KEY"]
    made_by_a_request = line(0, "a:KEY", Strength.SECRET, owner=("/a", 1))
    assert blamed([1], [made_by_a_request], seen(0, [], [1]), seen(1)) == []


def test_an_argument_explains_only_what_is_left():
    argument, secret = line(2, "a:X", Strength.ARGUMENT), line(0, "a:KEY", Strength.SECRET)
    walk = [seen(0, [2], [1]), seen(1, [], [1])]
    assert blamed([1], [argument, secret], *walk) == ["a:KEY"]
    assert blamed([1], [argument], *walk) == ["a:X"]


def test_what_cannot_be_linked_is_still_named():
    assert blamed([1], [line(2, "a:Z")], seen(0, [2]), seen(1)) == ["a:Z"]
    assert blamed([1], [], seen(0), seen(1)) == []


def test_what_is_told_twice_counts_once():
    early, late = seen(3, [1], status=0), seen(3, [2], [5])
    (whole,) = merged([early, late, seen(-1, [9])]).values()
    assert whole.lines == {("/a", 1), ("/a", 2)}
    assert (whole.step, whole.status) == (3, 200)


def opened(path, *, wrote=False, read=False, site="a.py:1"):
    return Opened(path, site if wrote else "", wrote, read)


FILES = {
    "written, then read": ([{"wrote": True}], [{"read": True}], True),
    "read, then written": ([{"read": True}], [{"wrote": True}], False),
    "only appended": ([{"wrote": True}], [{"wrote": True}], False),
    "read and written each time": (
        [{"wrote": True, "read": True}],
        [{"wrote": True, "read": True}],
        True,
    ),
    "written and read by one request": ([{"wrote": True}, {"read": True}], [], False),
}


@pytest.mark.parametrize(("first", "second", "kept"), FILES.values(), ids=FILES)
def test_a_file_that_carries_something_over(first, second, kept):
    steps = [
        seen(number, opened=[opened("/f", **how) for how in some])
        for number, some in enumerate((first, second))
    ]
    files = local_files(merged(steps))
    assert [file.site for file in files] == (["a.py:1"] if kept else [])


def test_a_database_is_no_local_file():
    steps = [seen(n, opened=[opened("/f.sqlite3", wrote=True, read=True)]) for n in (0, 1)]
    assert local_files(merged(steps)) == []


# --- The order ----------------------------------------------------------------------------------


def workload(**tables):
    return parse_workload(tables, "test")


READ, WRITE = {"path": "/a/{1..9}"}, {"path": "/a", "method": "POST"}
LOG_IN = {"path": "/login", "method": "POST", "login": True}


@pytest.mark.parametrize("replicas", [2, 3])
def test_what_is_written_at_one_is_read_at_all_others(replicas):
    steps = script(workload(request=[READ, {"path": "/b"}, WRITE]), replicas)
    (at,) = [n for n, step in enumerate(steps) if step.request.method == "POST"]
    assert steps[at + 1].replica != steps[at].replica
    for path in ("GET /a/{1..9}", "GET /b"):
        after = {step.replica for step in steps[at:] if step.request.name == path}
        assert after == set(range(replicas))
        before = {step.replica for step in steps[:at] if step.request.name == path}
        assert before == set(range(replicas))


def test_a_log_in_and_a_session_go_on_to_another():
    session = [{"request": [READ, WRITE, {"path": "/b"}], "user": False}]
    steps = script(workload(request=[LOG_IN, READ], session=session, users=3), 2)
    assert {step.visitor for step in steps} == {0, 1, ANONYMOUS - 1}
    own = [step for step in steps if step.visitor < ANONYMOUS]
    assert [step.replica for step in own[:3]] == [0, 1, 0]
    read = [step for step in steps if step.visitor == 0 and step.request.method == "GET"]
    assert {step.replica for step in read} == {0, 1}


def test_what_a_session_wrote_is_read_everywhere():
    session = [{"request": [{"path": "/b"}, WRITE]}]
    steps = script(workload(request=[READ], session=session), 2)
    (at,) = [n for n, step in enumerate(steps) if step.request.method == "POST"]
    after = {step.replica for step in steps[at:] if step.request.name == "GET /a/{1..9}"}
    assert after == {0, 1}


def test_with_one_replica_all_goes_there():
    steps = script(workload(request=[READ, WRITE], session=[{"request": [READ, WRITE]}]), 1)
    assert {step.replica for step in steps} == {0}
    assert len([step for step in steps if step.request.method == "GET"]) > 4


@given(reads=st.integers(1, 60), writes=st.integers(0, 60), replicas=st.integers(1, 3))
@settings(deadline=None, max_examples=50)
def test_a_script_asks_for_everything_and_stays_short(reads, writes, replicas):
    requests = [{"path": f"/{n}"} for n in range(reads)]
    requests += [{"path": f"/{n}", "method": "PUT"} for n in range(writes)]
    given_workload = workload(request=requests)
    steps = script(given_workload, replicas)
    assert {step.request.name for step in steps} == set(given_workload.requests)
    assert len(steps) <= MOST + 4 * 3 * (reads + writes)
    assert all(0 <= step.replica < replicas for step in steps)
    if reads * 3 * (writes + 1) < MOST // 2:
        for write in (step for step in steps if step.request.method == "PUT"):
            after = steps[steps.index(write) + 1]
            assert replicas == 1 or after.replica != write.replica


# --- What is told -------------------------------------------------------------------------------

places = st.frozensets(st.tuples(st.text(max_size=9), st.integers(1, 9999)), max_size=5)
files = st.builds(Opened, st.text(), st.text(), st.booleans(), st.booleans())
sightings = st.builds(
    Sighting,
    st.integers(-1, 999),
    st.text(),
    st.integers(0, 599),
    places,
    places,
    st.lists(files, max_size=3).map(tuple),
)
tables = st.dictionaries(st.text(), st.frozensets(st.integers(1, 999)), max_size=3)


@given(sightings)
def test_a_sighting_survives_its_line(sighting):
    text = sighting.to_json()
    assert "\n" not in text
    assert Sighting.from_json(text) == sighting


@given(st.builds(Watch, tables, tables))
def test_a_list_of_lines_survives(watch):
    assert Watch.from_json(watch.to_json()) == watch


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"step": 1}', '{"lines": 3}', "null"])
def test_what_is_cut_off_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        Sighting.from_json(text)
    with pytest.raises(ValueError, match=r"."):
        Watch.from_json(text)
