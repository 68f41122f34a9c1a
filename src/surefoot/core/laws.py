"""Operational laws and the exact solution of closed queueing networks.

Names follow Denning & Buzen (1978): demand D, throughput X, utilisation U = X D, population N.
Times are seconds, rates per second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = [
    "Solution",
    "Speed",
    "delay",
    "flow_equivalent",
    "invert_demand",
    "servers",
    "slowing",
    "solve",
]

Speed = Callable[[int], float]
"""Completions per second of a station that holds n >= 1 requests."""


def servers(demand: float, count: float) -> Speed:
    """``count`` equal servers, each busy ``demand`` seconds per request."""
    return lambda n: min(n, count) / demand


def slowing(demand_alone: float, demand_full: float, full: int, count: float) -> Speed:
    """``count`` servers whose demand grows from one request present to ``full`` of them.

    Threads contend for the interpreter's lock and caches: the demand of one request in flight is
    not that of many. In between it is interpolated, past ``full`` it stays.
    """

    def speed(n: int) -> float:
        share = 0.0 if full <= 1 else min(n - 1, full - 1) / (full - 1)
        return min(n, count) / (demand_alone + (demand_full - demand_alone) * share)

    return speed


def delay(seconds: float) -> Speed:
    """A wait that nobody else lengthens."""
    return lambda n: n / seconds


def flow_equivalent(inner: Sequence[Speed], tokens: int) -> Speed:
    """A subnetwork that at most ``tokens`` requests may be inside (Chandy, Herzog & Woo 1975)."""
    rates = [solve(inner, n).throughput for n in range(1, tokens + 1)]
    return lambda n: rates[min(n, tokens) - 1]


@dataclass(frozen=True, slots=True)
class Solution:
    """Steady state of a closed network."""

    population: int
    throughput: float
    residence: tuple[float, ...]
    """Mean seconds per request at each station, waiting included, in the order given."""


def solve(stations: Sequence[Speed], population: int) -> Solution:
    """The product-form network of ``stations`` with ``population`` requests in it.

    The figures are those of exact mean value analysis (Reiser & Lavenberg 1980), computed by
    convolution (Buzen 1973), whose sums are of positive terms only: the recursion of MVA over
    marginal probabilities loses all digits at stations with several servers near saturation.
    """
    if population < 1 or not stations:
        return Solution(population, 0.0, tuple(0.0 for _ in stations))
    scale = solve_scale(stations, population)
    weights = [_weights(speed, population, scale) for speed in stations]
    whole = _convolve_all(weights, population)
    throughput = whole[population - 1] / whole[population] * scale
    residence = []
    for index in range(len(stations)):
        others = _convolve_all(weights[:index] + weights[index + 1 :], population)
        queue = sum(
            n * weights[index][n] * others[population - n] for n in range(1, population + 1)
        )
        residence.append(queue / whole[population] / throughput)
    return Solution(population, throughput, tuple(residence))


def solve_scale(stations: Sequence[Speed], population: int) -> float:
    """A rate near the network's throughput: keeps the convolution's terms near 1."""
    return min(speed(population) for speed in stations)


def _weights(speed: Speed, population: int, scale: float) -> list[float]:
    weights = [1.0]
    for n in range(1, population + 1):
        weights.append(weights[-1] * scale / speed(n))
    return weights


def _convolve_all(weights: Sequence[list[float]], population: int) -> list[float]:
    total = [1.0] + [0.0] * population
    for part in weights:
        total = [sum(total[k] * part[n - k] for k in range(n + 1)) for n in range(population + 1)]
    return total


def invert_demand(waiting: float, others: Sequence[Speed], spare: float, population: int) -> float:
    """The demand of a single server at which the model shows the measured ``waiting``.

    A lock's holding time cannot be seen from outside, but the time others wait for it can. Time
    moves from a plain delay of ``spare`` seconds into the lock until its queue is the one seen.

    Args:
        waiting: Mean seconds a request waited for it with ``population`` in flight.
        others: The other stations.
        spare: Seconds of the request that may turn out to be passed while holding it.
        population: Requests in flight when ``waiting`` was measured.
    """
    if waiting <= 0 or spare <= 0 or population < 2:
        return 0.0
    low, high = 0.0, spare
    for _ in range(30):
        demand = (low + high) / 2
        rest = [delay(spare - demand)] if spare - demand > 1e-9 else []
        residence = solve([servers(demand, 1), *others, *rest], population).residence[0]
        if residence - demand < waiting:
            low = demand
        else:
            high = demand
    return (low + high) / 2
