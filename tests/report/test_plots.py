"""The latency picture: everything drawn is finite, inside, and says what was measured."""

import math
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.records import Slo
from surefoot.toolbox.report import plots

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
COMMAND = re.compile(r"([MLlmhz])([^MLlmhz]*)")

rates = st.floats(0.01, 1e6)
times = st.one_of(st.floats(0, 100), st.just(math.inf))


def places(svg: str):
    """Every place something is drawn at."""
    root = ET.fromstring(svg)
    for node in root.iter():
        tag = node.tag
        if tag == "line":
            yield float(node.get("x1")), float(node.get("y1"))
            yield float(node.get("x2")), float(node.get("y2"))
        elif tag == "circle":
            yield float(node.get("cx")), float(node.get("cy"))
        elif tag == "rect":
            x, y = float(node.get("x")), float(node.get("y"))
            yield x, y
            yield x + float(node.get("width")), y + float(node.get("height"))
        elif tag == "text":
            yield float(node.get("x")), float(node.get("y"))
        elif tag == "path":
            yield from walked(node.get("d"))


def walked(d: str):
    x = y = 0.0
    for command, rest in COMMAND.findall(d):
        numbers = [float(text) for text in NUMBER.findall(rest)]
        if command == "h":
            x += numbers[0]
            yield x, y
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=False):
            x, y = (dx, dy) if command in "ML" else (x + dx, y + dy)
            yield x, y


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("text")]


@st.composite
def drawn_plots(draw):
    from surefoot.core.records import HostUse, RatePoint

    def point():
        return RatePoint(
            rate=draw(rates),
            seconds=draw(st.floats(0.1, 60)),
            sent=10,
            completed=draw(st.integers(0, 10)),
            errors=0,
            p50=draw(times),
            p99=draw(times),
            quantile=draw(times),
            low=draw(times),
            high=draw(times),
            verdict=draw(st.sampled_from(["pass", "fail", "undecided"])),
            why="",
            judged=draw(st.sampled_from([0.5, 0.95, 0.99])),
            valid=draw(st.booleans()),
            why_invalid="",
            host=HostUse(1, 2, 0, 0, 0, 0, 0),
            beyond=draw(st.booleans()),
        )

    curve = draw(st.lists(st.tuples(rates, times, times), max_size=16))
    return plots.LatencyPlot(
        points=[point() for _ in range(draw(st.integers(0, 8)))],
        curve=sorted(curve),
        slo=Slo(latency=draw(st.floats(1e-4, 100))),
        marks=[
            plots.Mark(draw(st.one_of(rates, st.just(math.inf), st.just(0.0))), "capacity 1/s", "x")
            for _ in range(draw(st.integers(0, 4)))
        ],
        band=draw(st.none() | st.tuples(rates, rates).map(lambda two: tuple(sorted(two)))),
    )


@pytest.mark.parametrize("size", [plots.WIDE, plots.MIDDLE, plots.NARROW])
@given(plot=drawn_plots())
def test_everything_is_drawn_inside_the_picture(size, plot):
    svg = plots.latency(plot, size, "a label")
    for x, y in places(svg):
        assert -1 <= x <= size.width + 1
        assert -1 <= y <= size.height + 1


def test_the_limit_the_curves_and_the_marks_are_named_in_the_picture(build):
    measured = build.measurement()
    plot = plots.LatencyPlot(
        measured.evidence.points,
        measured.curve,
        Slo(),
        [plots.Mark(96, "capacity 96/s", "capacity")],
        (92, 100),
    )
    said = texts(plots.latency(plot, plots.WIDE, "a label"))
    assert {"p99, predicted", "median, predicted", "capacity 96/s"} <= set(said)
    assert any(text.startswith("limit: p99") for text in said)


def test_names_of_marks_that_stand_close_together_do_not_meet(build):
    marks = [plots.Mark(rate, f"predicted {rate}/s", "predicted") for rate in (99, 100, 101)]
    plot = plots.LatencyPlot([build.point(100)], (), Slo(), marks)
    svg = ET.fromstring(plots.latency(plot, plots.NARROW, "a label"))
    rows = [node.get("y") for node in svg.iter("text") if "mark-name" in node.get("class")]
    assert len(set(rows)) == 3


def test_each_verdict_has_a_shape_of_its_own():
    drawn = {
        re.sub(r'class="[^"]*"', "", plots.symbol(kind, 8, 8))
        for kind in ("pass", "fail", "undecided", "beyond")
    }
    assert len(drawn) == 4


def test_a_point_that_a_lower_quantile_decided_says_which(build):
    plot = plots.LatencyPlot([build.point(50, judged=0.95)], (), Slo())
    assert "p95" in texts(plots.latency(plot, plots.WIDE, "a label"))


def test_an_interval_without_an_end_is_an_arrow(build):
    plot = plots.LatencyPlot([build.point(50, high=math.inf)], (), Slo())
    assert "interval open" in plots.latency(plot, plots.WIDE, "a label")


def test_latencies_far_apart_get_a_logarithmic_axis(build):
    points = [build.point(10, p50=0.006), build.point(90, high=4.0)]
    said = texts(plots.latency(plots.LatencyPlot(points, (), Slo()), plots.WIDE, "a label"))
    assert [text for text in said if text.startswith("100")] == ["100\N{NO-BREAK SPACE}ms"]
    assert "5\N{NO-BREAK SPACE}s" in said
