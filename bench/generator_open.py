"""Open loop against a server that stands still for 1 s in 10: measured beside a FIFO simulation.

500 requests a second for 10 s, evenly spaced and Poisson. The simulation is fed with the schedule
the generator used, the pause the server took and the service time it showed. "stall" is the longest
that a request of 0.2 ms took the server: beyond some ms, other processes had its core, and what
happened between its requests is in no simulation.
Quotable: p95 within 3 %, p99 within 2 %, every request sent.
"""

from __future__ import annotations

import asyncio
import sys
import time

from generator.calibration import calibration
from generator.servers import pausing_server, report
from surefoot.core.stats import quantile
from surefoot.toolbox.load import Generator, LoadResult, Schedule, parse_workload

RATE, SECONDS, PAUSE_AT, SERVICE = 500.0, 10.0, 4.5, 0.0002
REPEATS = 3

Pause = tuple[float, float]


def simulated(dues: list[float], pause: Pause, services: list[float]) -> list[float]:
    """Response times of one server that takes requests in order, works, and stands still once."""
    free, out = 0.0, []
    for due, service in zip(sorted(dues), services, strict=True):
        start = max(due, free)
        if pause[0] <= start < pause[1]:
            start = pause[1]
        free = start + service
        out.append(free - due)
    return sorted(out)


def service_times(rows: list[tuple[float, float]], dues: list[float], pause: Pause) -> list[float]:
    """Seconds that each request kept the server busy, in the order in which it took them.

    Those that were due by the end of the pause and not served stood in its queue. Each of them
    took from the end of the one before, for accepting its connection and reading it are work too;
    all others from when they were taken up.
    """
    out, last = [], 0.0
    for (start, end), due in zip(rows, sorted(dues), strict=True):
        queued = due < pause[1] <= start
        out.append(end - max(last, pause[1]) if queued else end - start)
        last = end
    return out


async def run(kind: str, url: str, seed: int) -> LoadResult:
    workload = parse_workload({"request": [{"path": "/"}]}, "bench")
    async with Generator(workload, [url.rstrip("/")], seed=seed) as generator:
        return await generator.run(Schedule(kind, RATE, SECONDS))


def row(kind: str, seed: int) -> tuple[str, bool]:
    with pausing_server(SERVICE, PAUSE_AT) as (url, process):
        result = asyncio.run(run(kind, url, seed))
        seen = report(process)
    zero = result.started - (time.time() - time.monotonic())
    pause: Pause = tuple(instant - zero for instant in seen["pause"])
    rows = [(a - zero, b - zero) for a, b in seen["rows"]]
    # What came after the last request it served before it stopped was served after it.
    pause = (max(end for start, end in rows if start < pause[0]), pause[1])
    services = service_times(rows, list(result.samples.due), pause)
    truth = simulated(list(result.samples.due), pause, services)
    service = sum(services) / len(services)
    stall = max(end - start for start, end in rows)
    errors = {}
    for name, q in (("p95", 0.95), ("p99", 0.99)):
        errors[name] = result.response.quantile(q) / quantile(truth, q) - 1
    good = abs(errors["p95"]) <= 0.03 and abs(errors["p99"]) <= 0.02
    good = good and result.unsent == 0 and result.completed == len(result.samples)
    shown = [
        f"{kind:<8}", f"{result.sent:>5}", f"{result.unsent:>6}", f"{service * 1e3:>7.3f}",
        f"{quantile(truth, 0.95) * 1e3:>8.1f}", f"{result.response.quantile(0.95) * 1e3:>8.1f}",
        f"{errors['p95']:>+7.2%}",
        f"{quantile(truth, 0.99) * 1e3:>8.1f}", f"{result.response.quantile(0.99) * 1e3:>8.1f}",
        f"{errors['p99']:>+7.2%}",
        f"{result.service.quantile(0.99) * 1e3:>8.1f}", f"{result.lag.quantile(0.99) * 1e3:>7.2f}",
        f"{stall * 1e3:>5.1f}",
        "yes" if good else "NO",
    ]  # fmt: skip
    return "  ".join(shown), good


def main() -> None:
    unit = calibration()
    print(f"calibration: SHA-256 of 16 KiB = {unit * 1e6:.1f} us of CPU; times below in ms")
    print(
        "kind       sent  unsent  service  p95 sim  p95 got    error  p99 sim  p99 got"
        "    error  service p99  lag p99  stall  met"
    )
    met = []
    for repeat in range(REPEATS):
        for kind in ("uniform", "poisson"):
            line, good = row(kind, repeat + 1)
            met.append(good)
            print(line, flush=True)
    print(f"within p95 3 %, p99 2 %, all sent: {sum(met)} of {len(met)} runs")


if __name__ == "__main__":
    sys.exit(main())
