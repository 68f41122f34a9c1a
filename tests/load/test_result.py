import pytest

from surefoot.toolbox.load.result import WorkerUse, judge

IDLE = WorkerUse(cpu=0.1, busy=0.05, lag_p99=0.0001)


def test_a_run_that_sent_everything_in_time_is_valid():
    assert judge(0, 0, 1000, [IDLE], 0.25) == ""


@pytest.mark.parametrize(("unsent", "valid"), [(1, True), (2, False)])
def test_one_in_a_thousand_may_be_unsent(unsent, valid):
    assert (judge(unsent, 0, 1000, [IDLE], 0.25) == "") is valid


def test_it_says_what_was_missing():
    assert "no idle user" in judge(10, 9, 1000, [IDLE], 0.25)
    assert "every connection allowed" in judge(10, 0, 1000, [IDLE], 0.25)


@pytest.mark.parametrize(
    ("busy", "lag", "valid"),
    [
        (0.95, 0.030, False),
        (0.95, 0.020, True),  # late by less than a tenth of the latency
        (0.50, 0.500, True),  # late because it waited for a core: the machine's state
    ],
)
def test_lag_counts_when_the_generator_itself_was_busy(busy, lag, valid):
    use = WorkerUse(cpu=1.0, busy=busy, lag_p99=lag)
    assert (judge(0, 0, 1000, [IDLE, use], 0.25) == "") is valid


def test_the_lag_allowed_follows_the_latency_that_is_wanted():
    use = WorkerUse(cpu=1.0, busy=0.9, lag_p99=0.05)
    assert "50 ms late (p99)" in judge(0, 0, 1000, [use], 0.1)
    assert judge(0, 0, 1000, [use], 1.0) == ""
