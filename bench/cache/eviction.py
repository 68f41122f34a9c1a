"""Share of requests that a bounded table answers, beside plain LRU, on four kinds of traces.

    python bench/cache/eviction.py

Each trace is run at two sizes; every miss puts the key. Seeded, so that it says the same each time.
"""

from __future__ import annotations

import bisect
import itertools
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator

from surefoot.core.cache.table import Table

KEYS, REQUESTS = 10_000, 120_000
SIZE = 100


def zipf(skew: float, seed: int) -> list[int]:
    """Keys drawn by Zipf's law."""
    chance = random.Random(seed)
    total = list(itertools.accumulate(1 / rank**skew for rank in range(1, KEYS + 1)))
    return [bisect.bisect(total, chance.random() * total[-1]) for _ in range(REQUESTS)]


def scanned() -> list[int]:
    """Zipf, and every 10,000 requests a scan over 3,000 keys that nobody asks for again."""
    fresh = itertools.count(10 * KEYS)
    drawn = zipf(1.0, 2)
    slices = (drawn[at : at + 10_000] for at in range(0, REQUESTS, 10_000))
    return [key for part in slices for key in (*part, *itertools.islice(fresh, 3000))]


def shifting() -> list[int]:
    """Zipf whose popular keys are others after each third."""
    drawn = zipf(1.0, 3)
    return [key + (at * 3 // REQUESTS) * KEYS for at, key in enumerate(drawn)]


def loop(capacity: int) -> list[int]:
    """The same keys again and again, a few more than fit."""
    return list(itertools.islice(itertools.cycle(range(capacity * 5 // 4)), REQUESTS))


def by_lru(trace: list[int], capacity: int) -> Iterator[bool]:
    """Whether each request was answered."""
    held: OrderedDict[int, int] = OrderedDict()
    for key in trace:
        if key in held:
            held.move_to_end(key)
            yield True
        else:
            held[key] = key
            if len(held) > capacity:
                held.popitem(last=False)
            yield False


def by_table(trace: list[int], capacity: int) -> Iterator[bool]:
    """The same of our table."""
    table = Table(2**40, capacity)
    for key in trace:
        entry = table.find(key)
        if entry is not None:
            entry.hits += 1
            yield True
        else:
            table.put(key, key, until=1.0, size=SIZE, now=0.0)
            yield False


def share(way: Callable[[list[int], int], Iterator[bool]], trace: list[int], capacity: int) -> str:
    """Hits, and CPU of a request."""
    began = time.process_time()
    hits = sum(way(trace, capacity))
    spent = (time.process_time() - began) / len(trace) * 1e6
    return f"{hits / len(trace):7.1%} {spent:5.2f} us"


def main() -> None:
    """The table."""
    traces = {
        "zipf 1.0": zipf(1.0, 1), "zipf 0.8": zipf(0.8, 1), "zipf and scans": scanned(),
        "zipf that shifts": shifting(),
    }  # fmt: skip
    print(f"{'trace':18} {'fits':>6}  {'LRU':>15}  {'Table':>15}")
    for capacity in (KEYS // 100, KEYS // 10):
        for name, trace in (*traces.items(), ("loop, 1.25x", loop(capacity))):
            told = [share(way, trace, capacity) for way in (by_lru, by_table)]
            print(f"{name:18} {capacity:6}  {told[0]:>15}  {told[1]:>15}")


if __name__ == "__main__":
    main()
