"""Flame graphs: every sample is in them once, and boxes stand on their callers."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.records import StackSample
from surefoot.toolbox.report import flame

frames = st.lists(st.sampled_from(["a/x.py:f", "a/y.py:g", "lib/z.py:h", "w.py:<lambda>"]))
samples = st.builds(
    StackSample,
    worker=st.just(1),
    route=st.just("GET /"),
    state=st.sampled_from(["cpu", "driver", "lock", "wait", "something new"]),
    frames=frames.map(tuple),
    site=st.sampled_from(["", "a/x.py:3"]),
    count=st.integers(1, 50),
)


def boxes(svg: str) -> list[tuple[float, float, float, str]]:
    found = []
    for node in ET.fromstring(svg).findall("svg"):
        left, width = (float(node.get(key).rstrip("%")) for key in ("x", "width"))
        found.append((left, width, float(node.get("y")), node.findtext("title")))
    return found


@given(st.lists(samples, min_size=1, max_size=20))
def test_every_sample_is_counted_once_at_every_height(stacks):
    root = flame.grow(stacks, "all", flame.own_packages(stacks))
    assert root.count == sum(stack.count for stack in stacks)
    waiting = [root]
    while waiting:
        node = waiting.pop()
        above = list(node.children.values())
        assert sum(child.count for child in above) <= node.count
        waiting += above


@given(st.lists(samples, min_size=1, max_size=20))
def test_every_box_stands_inside_the_picture_and_on_a_box_at_least_as_wide(stacks):
    drawn = boxes(flame.draw(flame.grow(stacks, "all", flame.own_packages(stacks)), "a label"))
    lowest = max(y for _, _, y, _ in drawn)
    for left, width, y, _ in drawn:
        assert left >= -0.01
        assert left + width <= 100.02
        assert y >= 0
        below = [
            other
            for other in drawn
            if other[2] > y
            and other[0] <= left + 0.02
            and other[0] + other[1] >= left + width - 0.02
        ]
        assert y == lowest or below


def test_the_server_below_the_application_is_left_out(build):
    stacks = [s for s in build.stacks() if s.site]
    titles = [title for *_, title in boxes(flame.draw(_grown(stacks), "a label"))]
    assert not [title for title in titles if "gunicorn" in title or "flask" in title]
    assert any(title.startswith("shop/views.py:books") for title in titles)


def test_stacks_without_the_application_are_gathered_under_the_server(build):
    stacks = [s for s in build.stacks() if s.route == "GET /search"]
    titles = [title for *_, title in boxes(flame.draw(_grown(stacks), "a label"))]
    assert any(title.startswith("server and framework") for title in titles)


def test_what_a_thread_was_doing_is_said_in_words_and_not_only_by_a_colour(build):
    drawn = flame.draw(_grown(build.stacks()), "a label")
    for state in ("cpu", "driver", "lock", "wait"):
        assert f"{flame.STATES[state]}:" in drawn


def test_the_table_names_the_applications_functions_the_most_seen_first(build):
    stacks = [s for s in build.stacks() if s.route]
    listed = flame.functions(_grown(stacks), 3)
    assert [function.name for function in listed] == [
        "shop/views.py:books",
        "shop/prices.py:rank",
        "shop/views.py:search",
    ]
    assert listed[0].share == pytest.approx(54 / 87)


def test_a_function_that_calls_itself_is_counted_once():
    stack = StackSample(1, "GET /", "cpu", ("a/x.py:f",) * 4, "a/x.py:3", 10)
    (only,) = flame.functions(flame.grow([stack], "all", frozenset({"a"})), 5)
    assert only.share == 1


def test_nothing_sampled_draws_nothing():
    assert flame.draw(flame.grow([], "all", frozenset()), "a label") == ""


def _grown(stacks):
    return flame.grow(stacks, "all routes", flame.own_packages(stacks))
