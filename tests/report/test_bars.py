"""Bars: parts are as long as they are large, side by side, and never outside."""

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.toolbox.report.bars import Part, gauge, stacked
from surefoot.toolbox.report.svg import element, number, words

sizes = st.one_of(st.floats(0, 1e6), st.just(math.inf), st.just(math.nan))


def pieces(svg: str) -> list[tuple[float, float]]:
    return [
        (float(node.get("x").rstrip("%")), float(node.get("width").rstrip("%")))
        for node in ET.fromstring(svg).iter("rect")
        if "part" in (node.get("class") or "")
    ]


@given(st.lists(sizes, max_size=8), sizes)
def test_parts_follow_each_other_within_the_track(drawn, whole):
    svg = stacked([Part("k-other", size, "a title") for size in drawn], whole, "a label")
    end = 0.0
    for left, width in pieces(svg):
        assert left == pytest.approx(end, abs=0.02)
        end = left + width
    assert end <= 100.05


def test_parts_are_as_long_as_their_share_of_the_whole():
    svg = stacked([Part("k-app-cpu", 3, "a"), Part("k-http", 1, "b", striped=True)], 8, "a label")
    assert pieces(svg) == [(0, 37.5), (37.5, 12.5)]


@given(st.floats(allow_nan=True))
def test_a_gauge_is_never_longer_than_its_track(share):
    ((left, width),) = pieces(gauge(share, "k-app-cpu", "a label"))
    assert left == 0
    assert 0 <= width <= 100


@given(st.text())
def test_text_in_a_picture_comes_out_as_it_went_in(text):
    printable = "".join(c for c in text if c.isprintable())
    node = ET.fromstring(element("text", words(printable), aria_label=printable))
    assert (node.text or "") == printable
    assert node.get("aria-label") == printable


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_no_browser_could_draw_is_refused(value):
    with pytest.raises(ValueError, match="cannot be drawn"):
        number(value)
