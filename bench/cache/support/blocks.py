"""Contestants that take turns in short blocks, so that a machine's moods reach all of them."""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Block", "cpu", "ratio", "rows", "spent", "tasks", "threads"]

Block = Callable[[int], object]
"""Makes so many calls."""


def threads(call: Callable[[], object]) -> Block:
    """Calls one after the other."""

    def run(calls: int) -> None:
        for _ in range(calls):
            call()

    return run


def tasks(loop: asyncio.AbstractEventLoop, call: Callable[[], Any]) -> Block:
    """The same in an event loop."""

    async def work(calls: int) -> None:
        for _ in range(calls):
            await call()

    return lambda calls: loop.run_until_complete(work(calls))


def cpu(server: int | None = None) -> int:
    """Nanoseconds of CPU of this process and of a server."""
    served = int(Path(f"/proc/{server}/schedstat").read_text().split()[0]) if server else 0
    return time.process_time_ns() + served


def spent(
    blocks: Mapping[str, Block], *, turns: int, calls: int, server: int | None = None
) -> dict[str, list[float]]:
    """Microseconds of CPU of one call, by contestant and turn; the order is another each turn."""
    found: dict[str, list[float]] = {name: [] for name in blocks}
    order = list(blocks)
    for block in blocks.values():
        block(max(10, calls // 10))
    for _ in range(turns):
        random.shuffle(order)
        gc.collect()
        for name in order:
            before = cpu(server)
            blocks[name](calls)
            found[name].append((cpu(server) - before) / calls / 1000)
    return found


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Ours / theirs: the median over the turns, with the tenth and the ninetieth percentile."""
    pairs = [a / b for a, b in zip(ours, theirs, strict=True)]
    tenths = statistics.quantiles(pairs, n=10)
    return f"{statistics.median(pairs):.2f} [{tenths[0]:.2f}, {tenths[-1]:.2f}]"


def rows(
    found: Mapping[str, Sequence[float]], ours: Sequence[str], wide: int = 36
) -> Iterator[str]:
    """Lines: the median of each contestant, and the ratio of each of ours to it."""
    for name, blocks in found.items():
        ratios = [ratio(found[mine], blocks) for mine in ours if mine in found and mine != name]
        told = "   ".join(f"{text:<20}" for text in ratios) if name not in ours else ""
        yield f"{name:<{wide}} {statistics.median(blocks):>8.2f}   {told}".rstrip()
