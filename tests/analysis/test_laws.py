import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core import laws

demand = st.floats(0.0005, 0.5)
population = st.integers(1, 40)


def exact_mva(demands: list[float], think: float, population: int) -> float:
    """Reiser and Lavenberg's recursion for single servers and a delay, from the textbook."""
    queue = [0.0] * len(demands)
    throughput = 0.0
    for n in range(1, population + 1):
        residence = [d * (1 + q) for d, q in zip(demands, queue, strict=True)]
        throughput = n / (think + sum(residence))
        queue = [throughput * r for r in residence]
    return throughput


@given(st.lists(demand, min_size=1, max_size=4), st.floats(0.001, 2), population)
def test_single_servers_and_a_delay_give_what_mean_value_analysis_gives(demands, think, n):
    stations = [*(laws.servers(d, 1) for d in demands), laws.delay(think)]
    assert laws.solve(stations, n).throughput == pytest.approx(exact_mva(demands, think, n))


@given(st.lists(demand, min_size=1, max_size=4), st.floats(0.001, 2), population)
def test_throughput_stays_within_the_operational_bounds(demands, think, n):
    stations = [*(laws.servers(d, 1) for d in demands), laws.delay(think)]
    throughput = laws.solve(stations, n).throughput
    upper = min(1 / max(demands), n / (sum(demands) + think))
    assert throughput <= upper * (1 + 1e-9)


@given(st.lists(demand, min_size=1, max_size=3), st.floats(0.001, 2), st.integers(1, 30))
def test_residences_obey_littles_law(demands, think, n):
    stations = [*(laws.servers(d, 1) for d in demands), laws.delay(think)]
    solution = laws.solve(stations, n)
    assert solution.throughput * sum(solution.residence) == pytest.approx(n)


@given(demand, st.integers(1, 8), st.floats(0.001, 1), st.integers(1, 60))
def test_many_servers_near_saturation_keep_their_digits(d, count, think, n):
    throughput = laws.solve([laws.servers(d, count), laws.delay(think)], n).throughput
    assert 0 < throughput <= count / d * (1 + 1e-9)
    assert throughput <= n / (d + think) * (1 + 1e-9)


@given(st.floats(0.001, 0.1), st.integers(1, 6), st.integers(1, 40))
def test_a_token_that_encloses_a_wait_limits_to_tokens_over_wait(wait, tokens, n):
    inner = laws.flow_equivalent([laws.delay(wait)], tokens)
    assert laws.solve([inner], n).throughput == pytest.approx(min(n, tokens) / wait)


@given(st.floats(0.002, 0.05), st.floats(0.0005, 0.01), st.integers(2, 16))
def test_a_locks_holding_time_is_recovered_from_the_time_others_wait_for_it(held, cpu, n):
    spare = held + 0.02
    others = [laws.servers(cpu, 1)]
    network = [laws.servers(held, 1), *others, laws.delay(spare - held)]
    waited = laws.solve(network, n).residence[0] - held
    if waited < 1e-6:
        return
    found = laws.invert_demand(waited, others, spare, n)
    assert found == pytest.approx(held, rel=0.01)


def test_nobody_waiting_means_no_lock():
    assert laws.invert_demand(0.0, [laws.servers(0.01, 1)], 0.1, 4) == 0.0


@given(st.floats(0.001, 0.1), st.floats(1.0, 3.0), st.integers(2, 16), st.integers(1, 4))
def test_demand_grows_between_the_probes_and_stays_beyond(alone, factor, full, count):
    speed = laws.slowing(alone, alone * factor, full, count)
    assert speed(1) == pytest.approx(1 / alone)
    assert speed(full) == pytest.approx(min(full, count) / (alone * factor))
    assert min(2 * full, count) / speed(2 * full) == pytest.approx(alone * factor)


def test_an_empty_network_completes_nothing():
    assert laws.solve([], 4).throughput == 0.0
    assert math.isfinite(laws.solve([laws.delay(1.0)], 200).throughput)
