import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.errors import UsageError
from surefoot.toolbox.load.schedule import Closed, Schedule, due_times, read_trace

RATES = st.floats(min_value=0.5, max_value=2000)
ARRIVALS = st.sampled_from(["poisson", "uniform"])
SECONDS = st.floats(min_value=0.5, max_value=20)


@st.composite
def schedules(draw, arrivals=ARRIVALS):
    seconds, rate, other = draw(SECONDS), draw(RATES), draw(RATES)
    how = draw(arrivals)
    kind = draw(st.sampled_from(["uniform", "poisson", "ramp", "step", "spike"]))
    if kind == "ramp":
        return Schedule("ramp", rate, seconds, to=other, arrivals=how)
    if kind == "step":
        rates = tuple(draw(st.lists(RATES, min_size=1, max_size=5)))
        return Schedule("step", seconds=seconds, rates=rates, arrivals=how)
    if kind == "spike":
        at = draw(st.floats(min_value=0, max_value=seconds / 2))
        return Schedule("spike", rate, seconds, to=other, at=at, width=seconds / 4, arrivals=how)
    return Schedule(how, rate, seconds)


@settings(deadline=None)
@given(schedules(), st.integers(0, 2**32))
def test_times_ascend_within_the_schedule(schedule, seed):
    times = list(due_times(schedule, seed))
    assert all(a <= b for a, b in itertools.pairwise(times))
    assert all(0 <= t <= schedule.length * (1 + 1e-9) for t in times)


@settings(deadline=None)
@given(schedules(arrivals=st.just("uniform")))
def test_evenly_spaced_arrivals_are_as_many_as_the_rate_says(schedule):
    count = sum(1 for _ in due_times(schedule, 1))
    assert abs(count - schedule.mean_rate * schedule.seconds) <= 1


@settings(deadline=None, max_examples=50)
@given(schedules(arrivals=st.just("poisson")), st.integers(0, 2**32))
def test_random_arrivals_are_about_as_many_as_the_rate_says(schedule, seed):
    expected = schedule.mean_rate * schedule.seconds
    count = sum(1 for _ in due_times(schedule, seed))
    # Six standard deviations, and one for the discreteness of small counts.
    assert abs(count - expected) <= 6 * math.sqrt(expected) + 1


@given(st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_times(seed):
    schedule = Schedule("poisson", 200, 1)
    assert list(due_times(schedule, seed)) == list(due_times(schedule, seed))


def test_500_a_second_evenly_for_10_seconds_are_5000():
    times = list(due_times(Schedule("uniform", 500, 10), 1))
    assert len(times) == 5000
    assert times[0] == 0.0
    assert all(b - a == pytest.approx(0.002) for a, b in itertools.pairwise(times))


def test_a_ramp_grows_as_it_should():
    times = list(due_times(Schedule("ramp", 0, 10, to=200, arrivals="uniform"), 1))
    halves = [sum(t < 5 for t in times), sum(t >= 5 for t in times)]
    assert len(times) == 1000
    assert halves[0] == pytest.approx(250, abs=1)


def test_a_spike_lies_where_it_was_put():
    spike = Schedule("spike", 10, 10, to=500, at=4, width=2, arrivals="uniform")
    times = list(due_times(spike, 1))
    assert sum(4 <= t < 6 for t in times) == pytest.approx(1000, abs=1)
    assert sum(t < 4 for t in times) == pytest.approx(40, abs=1)


def test_a_step_holds_each_rate_equally_long():
    times = list(due_times(Schedule("step", seconds=3, rates=(100, 0, 50), arrivals="uniform"), 1))
    assert [sum(k <= t < k + 1 for t in times) for k in range(3)] == [100, 0, 50]


def test_gaps_of_random_arrivals_are_exponential():
    times = list(due_times(Schedule("poisson", 1000, 20), 3))
    gaps = [b - a for a, b in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((g - mean) ** 2 for g in gaps) / len(gaps))
    assert spread / mean == pytest.approx(1, abs=0.05)
    assert sum(g > mean for g in gaps) / len(gaps) == pytest.approx(math.exp(-1), abs=0.02)


def test_a_trace_starts_with_its_first_arrival(tmp_path):
    file = tmp_path / "trace.txt"
    file.write_text("# recorded\n100.0\n\n100.5  # two at once\n100.5\n103\n")
    schedule = Schedule("trace", times=read_trace(file))
    assert list(due_times(schedule, 1)) == [0.0, 0.5, 0.5, 3.0]
    assert schedule.length == 3.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no arrival"),
        ("1\n0.5\n", "not ascending: 0.5 comes after 1"),
        ("1\nsoon\n", "line 2: 'soon'"),
        ("nan\n", "no time"),
    ],
)
def test_a_bad_trace_is_refused(tmp_path, text, said):
    file = tmp_path / "trace.txt"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        read_trace(file)


def test_a_missing_trace_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.txt cannot be read"):
        read_trace(tmp_path / "gone.txt")


@pytest.mark.parametrize(
    "numbers",
    [
        {"kind": "burst", "rate": 1},
        {"rate": 0},
        {"rate": -1},
        {"rate": math.inf},
        {"rate": math.nan},
        {"rate": 1, "seconds": 0},
        {"rate": 1, "seconds": math.inf},
        {"kind": "step", "rates": ()},
        {"kind": "ramp", "rate": 5, "to": -1},
        {"kind": "spike", "rate": 5, "to": 9, "at": 9, "width": 2},
        {"rate": 1, "arrivals": "bursty"},
        {"kind": "trace"},
    ],
)
def test_numbers_that_describe_no_schedule_are_refused(numbers):
    with pytest.raises(UsageError):
        Schedule(**numbers)


@pytest.mark.parametrize("numbers", [(0, 1.0, None), (1, 0.0, None), (1, 1.0, 0)])
def test_numbers_that_describe_no_closed_model_are_refused(numbers):
    with pytest.raises(UsageError):
        Closed(*numbers)
