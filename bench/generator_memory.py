"""Memory of the generator for 1,000,000 requests: all its processes, their largest moments added.

Wanted: at most 150 MB.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from generator.servers import fast_server
from surefoot.toolbox.load import Closed, Generator, parse_workload

WANTED = 1_000_000


def peak_mb(pid: int) -> float:
    """Largest resident size of a living process, MB; 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    found = next((line for line in lines if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(found.split()[1]) / 1e3


async def run(url: str, processes: int) -> tuple[int, list[float]]:
    workload = parse_workload({"request": [{"path": "/{1..20000}"}]}, "bench")
    async with Generator(workload, [url.rstrip("/")], processes=processes) as generator:
        result = await generator.run(Closed(32, 300.0, requests=WANTED))
        return result.completed, [peak_mb(pid) for pid in generator.pids]


def main() -> None:
    with fast_server() as (server, url):
        done, workers = asyncio.run(run(url, 1))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
    total = own / 1e6 + sum(workers)
    print(f"{done} requests to {server}")
    print(f"parent {own / 1e6:.0f} MB, sender {sum(workers):.0f} MB, together {total:.0f} MB")
    print(f"wanted at most 150 MB: {'met' if total <= 150 else 'MISSED'}")


if __name__ == "__main__":
    main()
