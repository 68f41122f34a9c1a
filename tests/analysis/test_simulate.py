import random

import pytest

from surefoot.core import laws
from surefoot.toolbox.analysis.simulate import Job, Network, simulate


def network(**changes):
    fields = {
        "replicas": 1,
        "slots": 1 << 20,
        "pool": 0,
        "cores": 2.0,
        "generator": 0.0,
        "slowdown": lambda _: 1.0,
    }
    return Network(**(fields | changes))


def job(app=0.0, database=0.0, held=0.0, locked=0.0, delay=0.0, pooled=False):
    return Job(0, app, database, held, locked, delay, pooled)


def mean(times):
    return sum(time for _, time in times) / len(times)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_an_interpreter_with_short_turns_answers_as_a_processor_sharing_queue(load):
    # M/G/1-PS: R = D / (1 - rho), whatever the distribution (Kleinrock 1976, 4.4).
    times = simulate(network(turn=0.0005), [job(app=0.01)], load / 0.01, 8_000, seed=5)
    assert mean(times) == pytest.approx(0.01 / (1 - load), rel=0.12)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_an_interpreter_without_turns_answers_as_a_queue_in_order_of_arrival(load):
    # M/D/1: R = D (1 + rho / (2 (1 - rho))); the two halves of a job queue twice.
    times = simulate(network(turn=1.0), [job(app=0.01)], load / 0.01, 20_000, seed=5)
    once = 0.01 * (1 + load / (2 * (1 - load)))
    assert once * 0.9 <= mean(times) <= 0.01 / (1 - load) * 1.1


def test_a_lone_request_takes_the_sum_of_its_parts():
    parts = job(app=0.01, database=0.02, held=0.03, locked=0.04, delay=0.05, pooled=True)
    times = simulate(network(pool=3), [parts], 0.01, 50, seed=1)
    assert mean(times) == pytest.approx(0.15, rel=1e-6)


def completed_per_second(net, jobs, count=4000):
    """Throughput when everything arrives at once, so that nothing is ever idle for want of work."""
    rate = 1e6
    times = [time for _, time in simulate(net, jobs, rate, count, seed=2)]
    return count / max(times)


@pytest.mark.parametrize(
    ("net", "one", "bound"),
    [
        (network(slots=4), job(delay=0.05), 4 / 0.05),
        (network(slots=4, replicas=2), job(delay=0.05), 8 / 0.05),
        (network(slots=8, pool=2), job(held=0.02, pooled=True), 2 / 0.02),
        (network(slots=8), job(locked=0.01), 1 / 0.01),
        (network(slots=8, replicas=2), job(locked=0.01), 2 / 0.01),
        (network(slots=8, cores=4.0), job(app=0.01), 1 / 0.01),
        (network(slots=8, replicas=3, cores=2.0), job(app=0.01), 2 / 0.01),
        (network(slots=8, cores=2.0), job(database=0.01), 2 / 0.01),
    ],
)
def test_saturation_is_the_tightest_resources_bound(net, one, bound):
    assert completed_per_second(net, [one]) == pytest.approx(bound, rel=0.02)


def test_saturation_agrees_with_the_closed_network():
    chance = random.Random(1)
    jobs = [
        job(app=chance.expovariate(1 / 0.004), delay=chance.expovariate(1 / 0.012))
        for _ in range(2000)
    ]
    exact = laws.solve([laws.servers(0.004, 1), laws.delay(0.012)], 4).throughput
    assert completed_per_second(network(slots=4), jobs) == pytest.approx(exact, rel=0.08)


def test_the_same_seed_gives_the_same_run():
    jobs = [job(app=0.002, delay=0.01), job(database=0.004)]
    first = simulate(network(), jobs, 100, 500, seed=9)
    assert first == simulate(network(), jobs, 100, 500, seed=9)
    assert first != simulate(network(), jobs, 100, 500, seed=10)


def test_the_generator_takes_its_share_of_the_cores():
    free = mean(simulate(network(cores=1.0), [job(app=0.01)], 50, 5000, seed=1))
    shared = mean(simulate(network(cores=1.0, generator=0.004), [job(app=0.01)], 50, 5000, seed=1))
    assert shared > free * 1.2
