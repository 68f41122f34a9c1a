import json
import random
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.toolbox.load.template import Missing, compile_text, names_in

DRAW = random.Random(7)
TEXT = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]))


@given(TEXT)
def test_text_without_places_stays_as_it_is(text):
    template = compile_text(text, {})
    assert template.fixed
    assert template.render({}, DRAW) == text


@given(st.integers(-1000, 1000), st.integers(0, 1000))
def test_a_range_gives_numbers_within_it(low, width):
    template = compile_text(f"/books/{{{low}..{low + width}}}", {})
    drawn = {int(template.render({}, DRAW).removeprefix("/books/")) for _ in range(20)}
    assert all(low <= number <= low + width for number in drawn)


def test_a_range_gives_both_its_ends():
    template = compile_text("{1..3}", {})
    assert {template.render({}, DRAW) for _ in range(100)} == {"1", "2", "3"}


@given(TEXT, TEXT, TEXT)
def test_names_are_replaced_by_their_values(before, value, after):
    template = compile_text(before + "{word}" + after, {})
    assert template.render({"word": value}, DRAW) == before + value + after


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_values_in_a_query_arrive_as_they_were(value):
    url = compile_text("/search?q={word}", {}, "url").render({"word": value}, DRAW)
    assert parse_qs(urlsplit(url).query, keep_blank_values=True)["q"] == [value]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_values_in_a_path_arrive_as_they_were(value):
    url = compile_text("/tags/{word}", {}, "url").render({"word": value}, DRAW)
    assert unquote(url) == f"/tags/{value}"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_values_in_json_arrive_as_they_were(value):
    text = compile_text('{"word":"{word}"}', {}, "json").render({"word": value}, DRAW)
    assert json.loads(text) == {"word": value}


@given(st.text())
def test_values_never_end_a_header_line(value):
    line = compile_text("Bearer {token}", {}, "header").render({"token": value}, DRAW)
    assert "\r" not in line
    assert "\n" not in line


def test_a_whole_address_is_taken_as_it_was_given():
    assert compile_text("{next}", {}, "url").render({"next": "/a?b=c&d"}, DRAW) == "/a?b=c&d"


def test_double_braces_are_literal():
    template = compile_text("{{word}} {{1..3}} {word}", {})
    assert template.render({"word": "x"}, DRAW) == "{word} {1..3} x"


@pytest.mark.parametrize("text", ['{"a": 1}', "{}", "{ word }", "{1..}", "{a-b}", "}{"])
def test_other_braces_are_themselves(text):
    assert compile_text(text, {}).render({}, DRAW) == text


def test_constants_are_filled_in_once():
    template = compile_text("Bearer {env.TOKEN}", {"env.TOKEN": "s3"}, "header")
    assert template.fixed
    assert template.render({}, DRAW) == "Bearer s3"


def test_a_value_that_nobody_knows_yet_is_missing():
    with pytest.raises(Missing, match="token"):
        compile_text("{token}", {}).render({}, DRAW)


def test_a_range_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="ends before it starts"):
        compile_text("{9..1}", {})


def test_names_are_found_in_order():
    assert names_in("{a}/{1..2}/{b.c}/{{d}}") == ("a", "b.c")
