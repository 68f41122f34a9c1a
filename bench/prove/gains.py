"""Predicted gain against proven gain, for the changes that fit the bookshops' faults.

    python bench/prove/gains.py                 # every row, about 25 minutes
    python bench/prove/gains.py flask threads   # rows with all of these words

A change of the configuration is applied as it was proposed. Of an edit the proof is the bookshop
without the fault that the edit would take away: the same answers, better code.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from project import EXAMPLES, Project, project

WITHIN = 1.5


@dataclass(frozen=True)
class Row:
    """Which lever to look at, on which bookshop with which fault."""

    example: str
    fault: str
    lever: str
    edit: bool

    def __str__(self) -> str:
        return f"{self.example:<8} {self.fault:<20} {self.lever:<16}"


ROWS = (
    Row("flask", "none", "replicas", edit=False),
    Row("flask", "slow-price", "threads", edit=False),
    Row("flask", "small-pool", "pool-size", edit=False),
    Row("flask", "n-plus-one", "eager-load", edit=True),
    Row("flask", "unindexed-search", "add-index", edit=True),
    Row("flask", "mail-in-request", "background-task", edit=True),
    Row("flask", "lock-across-wait", "shared-state", edit=True),
    Row("fastapi", "none", "replicas", edit=False),
    Row("fastapi", "small-pool", "pool-size", edit=False),
    Row("fastapi", "n-plus-one", "eager-load", edit=True),
    Row("fastapi", "unindexed-search", "add-index", edit=True),
    Row("fastapi", "blocking-call", "blocking-call", edit=True),
    Row("fastapi", "lock-across-wait", "shared-state", edit=True),
)


def proposed(made: Project, lever: str) -> dict[str, Any] | None:
    """The best change of this lever that a measurement proposes."""
    (made.directory / "surefoot.toml").write_text((made.directory / "base.toml").read_text())
    found = made.run("measure", "--seconds", "5")
    changes = [change for change in found.get("changes", []) if change["lever"] == lever]
    return max(changes, key=lambda change: change["predicted_gain"], default=None)


def proven(made: Project, row: Row, change: dict[str, Any]) -> dict[str, Any]:
    """The proof of it."""
    if row.edit:
        made.configure("variant", faults="none")
        words = ("--variant", "variant.toml", "--on", "capacity")
    else:
        sets = [f"{edit['key']}={edit['after']}" for edit in change["action"]["edits"]]
        words = tuple(word for text in sets for word in ("--set", text))
    return made.run("prove", "--base", "base.toml", *words, "--seconds", "60")


def measured(row: Row) -> bool | None:
    """One row: whether the prediction was near; ``None`` where there was none or no proof."""
    workload = EXAMPLES / (
        "workload.toml" if row.fault == "none" else f"workloads/{row.fault}.toml"
    )
    with project(row.example) as made:
        made.workload = workload
        made.configure("base", faults=row.fault)
        change = proposed(made, row.lever)
        if change is None:
            print(f"{row} not proposed", flush=True)
            return None
        found = proven(made, row, change)
    ratio = found.get("capacity_ratio")
    if ratio is None:
        print(f"{row} {found.get('verdict', 'failed')}: {found.get('why', found)}", flush=True)
        return None
    predicted, gain = change["predicted_gain"], ratio["value"]
    off = max(predicted / gain, gain / predicted)
    near = off <= WITHIN
    span = f"({ratio['low']:.2f} to {ratio['high']:.2f})"
    print(
        f"{row} predicted x {predicted:.2f} proven x {gain:.2f} {span} {found['verdict']:<14} "
        f"off {off:.2f} {'ok' if near else 'MISS'}",
        flush=True,
    )
    return near


def main() -> None:
    words = sys.argv[1:]
    results = [measured(row) for row in ROWS if all(word in str(row) for word in words)]
    near = sum(result is True for result in results)
    print(f"{near} of {sum(result is not None for result in results)} within {WITHIN}x")


if __name__ == "__main__":
    main()
