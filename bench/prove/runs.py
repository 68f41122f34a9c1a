"""Is nothing called a difference, and a tenth of the CPU found? Real proofs of the bookshops.

    python bench/prove/runs.py                    # 8 of each kind, about 25 minutes
    python bench/prove/runs.py --runs 20          # as many; goes on where an earlier call ended
    python bench/prove/runs.py --table            # only the table of what there is

Every run is a ``surefoot prove`` of 90 seconds and is appended, with all its blocks, to a file of
JSON lines.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from project import Project, project

from surefoot.toolbox.load import Generator, read_workload
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.measure.subject import bare
from surefoot.toolbox.prove.arms import base_arm
from surefoot.toolbox.prove.block import Blocks

DEFAULT_FILE = Path("build/prove-runs.jsonl")
KINDS = ("no-op", "tenth")
MANY = 8000
CALIBRATING = 16


def rounds_of_a_tenth(made: Project) -> int:
    """How many rounds of work make the bookshop's CPU per request 10/9 of what it is.

    The bookshop without any and with many is loaded in turn, so that what the machine does
    meanwhile is the same for both.
    """
    ratio = asyncio.run(_ratio(made, *(made.configure(f"with{n}", burden=n) for n in (0, MANY))))
    return max(1, round(MANY / 9 / (ratio - 1)))


async def _ratio(made: Project, without: str, burdened: str) -> float:
    """CPU per request of the second / the first."""
    environ = {**os.environ, **made.environ}
    arms = [base_arm(made.directory, file, environ=environ) for file in (without, burdened)]
    workload = read_workload(arms[0].settings.path(arms[0].settings.config.workload.file))
    workload = workload.without(workload.writes)
    async with contextlib.AsyncExitStack() as running:
        benches = []
        for arm in arms:
            subject = await running.enter_async_context(bare(arm.application, arm.settings))
            generator = Generator(workload, subject.addresses)
            await running.enter_async_context(generator)
            benches.append(Bench(subject, generator, database=False))
        pids = [bench.generator.pids for bench in benches]
        blocks = Blocks(8, 1.0, lambda: (*pids[0], *pids[1]))
        costs = []
        for seed in range(CALIBRATING):
            sides = [(await blocks.run(bench, seed)).side for bench in benches]
            costs.append([side.cpu / side.completed for side in sides])
    return median(after / before for before, after in costs[2:])


def one(kind: str, example: str, seed: int) -> dict[str, Any]:
    """One proof from nothing; its document."""
    with project(example) as made:
        burden = rounds_of_a_tenth(made) if kind == "tenth" else 0
        base = made.configure("base", burden=burden)
        variant = made.configure("variant", burden=0)
        words = ("--base", base, "--variant", variant, "--seconds", "90", "--seed", str(seed))
        found = made.run("prove", *words)
    return {"kind": kind, "example": example, "seed": seed, **found}


def table(rows: list[dict[str, Any]]) -> None:
    """What came of the runs."""
    for kind in KINDS:
        mine = [row for row in rows if row["kind"] == kind]
        print(
            f"\n{kind}: {len(mine)} runs, {dict(Counter(r.get('verdict', 'failed') for r in mine))}"
        )
        for row in mine:
            if "failed" in row:
                print(f"  {row['example']:<8} failed: {row['failed'][:70]}")
                continue
            cpu = row["cpu_ratio"]
            print(
                f"  {row['example']:<8} {row['verdict']:<14} cpu x {cpu['value']:.3f} "
                f"({cpu['low']:.3f} to {cpu['high']:.3f}) {row['pairs']:>3} pairs "
                f"{row['seconds']:>4.0f} s, noise {row['noise']:.1%}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE)
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    rows = []
    if args.file.exists():
        rows = [json.loads(line) for line in args.file.read_text().splitlines()]
    if not args.table:
        args.file.parent.mkdir(parents=True, exist_ok=True)
        for number in range(args.runs):
            for kind in KINDS:
                if sum(row["kind"] == kind for row in rows) > number:
                    continue
                row = one(kind, ("flask", "fastapi")[number % 2], number + 1)
                rows.append(row)
                with args.file.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(kind, row["example"], row.get("verdict", row.get("failed")), file=sys.stderr)
    table(rows)


if __name__ == "__main__":
    main()
