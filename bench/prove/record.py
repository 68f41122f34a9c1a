"""Real blocks of two equal bookshops, recorded without ever deciding, for ``replay.py``.

    python bench/prove/record.py                        # 10 lives of 30 pairs, about 14 minutes
    python bench/prove/record.py --lives 2 --pairs 10

A life is a base and a variant, started anew. Recordings are appended to a file of JSON lines.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from project import Project, project

from surefoot.core.ab import Question, abba
from surefoot.core.proof import Measure, Outcome, Verdict, document
from surefoot.toolbox.load import Generator, Observation, read_workload
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.measure.subject import bare
from surefoot.toolbox.prove.arm import population
from surefoot.toolbox.prove.arms import base_arm
from surefoot.toolbox.prove.block import Blocks
from surefoot.toolbox.prove.gauge import Gauge
from surefoot.toolbox.prove.series import Series

DEFAULT_FILE = Path("build/prove-blocks.jsonl")


async def life(made: Project, pairs: int, seed: int) -> dict[str, Any]:
    """The pairs of one base and one variant that do not differ."""
    environ = {**os.environ, **made.environ}
    arm = base_arm(made.directory, made.configure("base"), environ=environ)
    workload = read_workload(arm.settings.path(arm.settings.config.workload.file))
    workload = workload.without(workload.writes)
    async with (
        bare(arm.application, arm.settings) as one,
        bare(arm.application, arm.settings) as other,
        Generator(workload, one.addresses, observe=Observation()) as to_one,
        Generator(workload, other.addresses, observe=Observation()) as to_other,
        contextlib.AsyncExitStack() as running,
    ):
        gauge = running.enter_context(Gauge())
        benches = [Bench(one, to_one, database=False), Bench(other, to_other, database=False)]
        blocks = Blocks(
            population(arm), 1.0, lambda: (*to_one.pids, *to_other.pids, *gauge.pids), gauge=gauge
        )
        warm = []
        for bench in benches:
            await blocks.run(bench, 0)
            warm.append((bench, (await blocks.run(bench, 1)).side.rate))
        await blocks.ease(*warm)
        series = Series(Question(), *benches, blocks, seed)
        for base_first in islice(abba(seed), pairs):
            await series.pair(base_first=base_first)
    recorded = Verdict(Outcome.INCONCLUSIVE, Measure.CPU, "", pairs=tuple(series.measured))
    return {"example": made.example, "seed": seed, "blocks": document(recorded)["blocks"]}


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that never rest."""
    spin = [sys.executable, "-c", "while True: pass"]
    with contextlib.ExitStack() as running:
        for _ in range(count):
            process = running.enter_context(subprocess.Popen(spin))
            running.callback(process.kill)
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lives", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--neighbours", type=int, default=0, help="processes that never rest")
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE)
    args = parser.parse_args()
    args.file.parent.mkdir(parents=True, exist_ok=True)
    there = args.file.read_text().count("\n") if args.file.exists() else 0
    for number in range(there, args.lives):
        with project(("flask", "fastapi")[number % 2]) as made, busy(args.neighbours):
            row = asyncio.run(life(made, args.pairs, number + 1))
        with args.file.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"life {number + 1} of {args.lives}: {row['example']}", file=sys.stderr)


if __name__ == "__main__":
    main()
