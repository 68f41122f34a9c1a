"""CPU of a hit in this process: the pieces that a decorator of ours is made of, beside cachebox's.

    python bench/cache/local.py

Each figure is the least of several repeats, which take turns; cachebox is left out where it is not
installed. ``pieces`` is the shortest decorator over ``Keys`` and ``Table``: key, look-up, clock,
end, count.
"""

from __future__ import annotations

import functools
import threading
import time
import timeit
from collections.abc import Callable
from typing import Any

from support.contest import PAGE, installed

from surefoot.cache.values.codec import Codec
from surefoot.cache.values.packed import packer
from surefoot.core.cache.frame import Frame
from surefoot.core.cache.freshness import Content, Terms, step, write
from surefoot.core.cache.keys import Keys
from surefoot.core.cache.table import Table

NUMBER, REPEATS = 20_000, 7


def pieces(function: Callable[[int], Any]) -> Callable[[int], Any]:
    """The shortest decorator."""
    keys = Keys(function)
    table = Table(2**24, lock=threading.Lock())
    find, remembered, clock = table.find, keys.remembered, time.monotonic

    @functools.wraps(function)
    def cached(*args: Any, **kwargs: Any) -> Any:
        try:
            entry = find(remembered(*args, **kwargs))
        except TypeError:
            entry = find(keys(*args, **kwargs))
        if entry is not None:
            value, until = entry.held
            if clock() < until:
                entry.hits += 1
                return value
        table.misses += 1
        value = function(*args, **kwargs)
        table.put(keys(*args, **kwargs), value, until=clock() + 60, size=100, now=clock())
        return value

    return cached


def load(book_id: int) -> Any:
    """What is cached."""
    return {"id": book_id}


def contestants() -> dict[str, Callable[[], Any]]:
    """What is measured, by name."""
    ours, bare = pieces(load), functools.lru_cache(load)
    keys = Keys(load)
    codec = Codec()
    encoded = codec.encode("k", PAGE)
    slot = write(Content(*encoded), Terms(60.0), 1000, b"12345678").data
    found: dict[str, Callable[[], Any]] = {
        "nothing": lambda: None,
        "pieces": lambda: ours(7),
        "lru_cache": lambda: bare(7),
        "key, remembered": lambda: keys(7),
        "key, made": lambda: keys.text((7,), {}),
        "key, of a tuple": lambda: keys((7, "a")),
        "Frame.unpack": lambda: Frame.unpack(slot),
        "step, fresh": lambda: step(slot, 2000, claim_ms=1000, draw=lambda: b"12345678"),
        "encode 1 kB": lambda: codec.encode("k", PAGE),
        "decode 1 kB": lambda: codec.decode("k", encoded),
        "encode, not looked at": lambda: packer().pack(PAGE),
    }
    if not installed("cachebox"):
        return found
    import cachebox

    theirs = cachebox.cached(cachebox.TTLCache(1000, 60))(load)
    return found | {"cachebox": lambda: theirs(7)}


def main() -> None:
    """Microseconds."""
    found = contestants()
    least = dict.fromkeys(found, 1e9)
    for _ in range(REPEATS):
        for name, call in found.items():
            took = timeit.timeit(call, number=NUMBER, timer=time.process_time) / NUMBER * 1e6
            least[name] = min(least[name], took)
    for name, took in least.items():
        print(f"{name:24} {took - least['nothing']:6.2f} us")


if __name__ == "__main__":
    main()
