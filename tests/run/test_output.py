"""What replicas print, followed while it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.toolbox.stack.output import Output, raised

HEAD = "Traceback (most recent call last):"
lines = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=9))


@pytest.fixture
def output(tmp_path):
    return Output(tmp_path / "0.log")


@given(st.lists(lines, max_size=5))
def test_every_line_comes_once_and_in_order_however_it_is_cut(tmp_path_factory, batches):
    path = tmp_path_factory.mktemp("output") / "0.log"
    output, seen = Output(path), []
    written = b"".join(line.encode() + b"\n" for batch in batches for line in batch)
    with path.open("ab", buffering=0) as file:
        for start in range(0, len(written), 5):
            file.write(written[start : start + 5])
            seen += output.fresh()
    assert seen == [line for batch in batches for line in batch]


def test_the_tail_takes_nothing_from_who_follows(output):
    output.path.write_text("one\ntwo\nthr")
    assert output.tail(2) == ["two", "thr"]
    assert output.fresh() == ["one", "two"]
    assert output.fresh() == []


def test_before_the_first_start_there_is_nothing(output):
    assert output.fresh() == []
    assert output.tail(3) == []


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("starting\nbye", ""),
        (f"{HEAD}\n  File x\nValueError: a\nend", "ValueError: a"),
        (f"{HEAD}\n  x\nKeyError: 1\n\nDuring\n\nERROR: {HEAD}\n  y\nmy.Error: b", "my.Error: b"),
    ],
)
def test_the_cause_is_the_last_line_of_the_last_traceback(text, last):
    assert raised(text.splitlines()) == last
