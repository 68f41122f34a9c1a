"""What is written to the journal is what is read from it, and damage is told from a cut."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.journal import (
    Entry,
    Facts,
    Host,
    KeyEdit,
    Kind,
    parse,
    summary,
    to_line,
)
from surefoot.core.records import CodeEdit, OutsideAction
from surefoot.errors import JournalError

words = st.text(max_size=12)
numbers = st.integers(0, 2**60)
values = words | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False)
finite = st.floats(allow_nan=False, allow_infinity=False)
edits = st.builds(KeyEdit, words, values.filter(lambda v: v not in (1e999, -1e999)), words)
actions = (
    st.lists(edits, max_size=3).map(tuple)
    | st.builds(OutsideAction, words, words)
    | st.builds(CodeEdit, words, st.integers(0, 9999), words, words)
)
tables = st.dictionaries(words, finite | words | st.lists(words, max_size=2), max_size=3)
facts = st.builds(Facts, words, words, numbers, st.builds(Host, words, numbers, numbers, words))
changes = st.builds(
    Entry,
    id=st.just(1),
    parent=numbers,
    at=words,
    kind=st.just(Kind.CHANGE),
    kept=st.booleans(),
    lever=words,
    where=words,
    how=words,
    action=actions,
    evidence=st.lists(words, max_size=3).map(tuple),
    predicted=finite | st.none(),
    verdict=tables,
    facts=facts,
)
measurements = st.builds(
    Entry,
    id=st.just(1),
    parent=numbers,
    at=words,
    kind=st.just(Kind.MEASURED),
    figures=tables,
    facts=facts,
)


def entry(number, **more):
    return Entry(id=number, parent=number - 1, at="2026-11-21T11:02:33Z", kind=Kind.CHANGE, **more)


@given(changes | measurements)
def test_an_entry_is_read_back_as_it_was_written(written):
    assert parse(to_line(written)).entries == (written,)


@given(st.lists(changes, min_size=1, max_size=4), st.data())
def test_a_file_cut_anywhere_gives_every_line_that_was_whole(found, data):
    from dataclasses import replace

    lines = [to_line(replace(each, id=number)) for number, each in enumerate(found, 1)]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    parsed = parse(whole[:cut])
    ends = [len(b"".join(lines[:count])) for count in range(len(lines) + 1)]
    # A line of which nothing but its line feed is missing is whole.
    assert len(parsed.entries) == sum(cut >= end - 1 for end in ends[1:])
    assert parsed.torn == (cut not in ends and cut + 1 not in ends)
    assert parsed.ended == (cut in ends)


@given(st.lists(changes, min_size=1, max_size=3), st.data())
def test_after_a_cut_the_next_entry_starts_a_line_and_all_is_read(found, data):
    from dataclasses import replace

    lines = [to_line(replace(each, id=number)) for number, each in enumerate(found, 1)]
    whole = b"".join(lines)
    left = whole[: data.draw(st.integers(0, len(whole)))]
    parsed = parse(left)
    added = to_line(entry(99), follows_torn=parsed.torn)
    again = parse(left + (b"" if parsed.ended else b"\n") + added)
    assert again.entries == (*parsed.entries, entry(99))
    assert again.ended


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data):
    try:
        said = "line" if parse(data).entries == () else ""
    except JournalError as error:
        said = error.message
    assert "line" in said


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda line: line.replace(b'"id":2', b'"id":'), "line 2 is no JSON"),
        (lambda _: b"[1]\n", "line 2 is no JSON object"),
        (lambda line: line.replace(b'"id":2', b'"id":"2"'), "line 2: id is not a whole number"),
        (lambda line: line.replace(b'"v":1', b'"v":7'), "line 2 is of version 7"),
        (lambda line: line.replace(b'"change"', b'"chance"', 1), "kind is not one of change"),
        (lambda line: line.replace(b'"id":2', b'"id":1'), "has the id 1, and 1 stands before it"),
        (lambda line: line.replace(b'"kept":false', b'"kept":"no"'), "kept is not true or false"),
        (lambda line: line.replace(b'"predicted":null', b'"predicted":[]'), "is not a number"),
        (lambda line: line.replace(b'"evidence":[]', b'"evidence":[1]'), "is not a list of text"),
        (lambda line: line.replace(b'"verdict":{}', b'"verdict":3'), "verdict is no JSON object"),
        (lambda _: b"[" * 100_000 + b"\n", "line 2 is no JSON"),
    ],
)
def test_a_damaged_line_in_the_middle_is_named_with_what_to_do(damage, said):
    lines = [to_line(entry(number)) for number in (1, 2, 3)]
    damaged = damage(lines[1])
    assert damaged != lines[1]
    with pytest.raises(JournalError) as error:
        parse(lines[0] + damaged + lines[2], "surefoot.journal.jsonl")
    assert said in error.value.message
    assert "surefoot.journal.jsonl, line 2" in error.value.message
    assert error.value.do


def test_damage_in_the_last_line_is_no_cut_where_the_line_has_its_end():
    with pytest.raises(JournalError, match="line 2 is no JSON"):
        parse(to_line(entry(1)) + b'{"v":1,"id"\n')


def test_a_last_line_without_its_end_is_read_all_the_same():
    parsed = parse(to_line(entry(1)) + to_line(entry(2)).rstrip())
    assert (len(parsed.entries), parsed.torn, parsed.ended) == (2, False, False)
    with pytest.raises(JournalError, match="line 1 is of version 2"):
        parse(to_line(entry(1)).rstrip().replace(b'"v":1', b'"v":2'))


def test_blank_lines_and_fields_of_a_later_release_do_no_harm():
    line = to_line(entry(1)).replace(b'"id":1', b'"id":1,"mood":"good"')
    assert parse(b"\n" + line + b"\n\n").entries == (entry(1),)


def test_what_is_no_finite_number_becomes_null():
    line = to_line(entry(1, predicted=float("inf"), verdict={"cpu": {"value": float("nan")}}))
    told = json.loads(line)
    assert told["predicted"] is None
    assert told["verdict"]["cpu"]["value"] is None
    assert json.loads(to_line(entry(1, verdict={"at": Path("a"), "all": {1}})))["verdict"] == {
        "at": "a",
        "all": "{1}",
    }


def test_contents_of_answers_are_not_kept(verdict):
    told = summary(verdict())
    assert told["answers"]["examples"] == [
        {"request": "GET /me", "what": "body", "where": "/mail", "sides": ["base", "variant"]}
    ]
    assert "blocks" not in told
    assert told["capacity_ratio"]["value"] == 1.8


@pytest.mark.parametrize(
    ("decided", "ratio", "proven", "ends"),
    [
        ("capacity", {"value": 1.8, "low": 1.7, "high": 1.9}, 1.8, (1.7, 1.9)),
        ("cpu", {"value": 0.5, "low": 0.4, "high": 0.8}, 2.0, (1.25, 2.5)),
        ("cpu", {"value": 0, "low": 0, "high": 0}, None, None),
        ("cpu", {"value": None}, None, None),
        ("cpu", None, None, None),
        (None, {"value": 2}, None, None),
    ],
)
def test_the_proven_factor_is_above_one_for_the_better(decided, ratio, proven, ends):
    made = entry(1, verdict={"decided_on": decided, "cpu_ratio": ratio, "capacity_ratio": ratio})
    assert made.proven == proven
    assert made.proven_range == ends
