"""Predicted gain against proven gain, for the changes that fit the bookshops' faults.

    python bench/prove/gains.py                 # every row, about 25 minutes
    python bench/prove/gains.py flask threads   # rows with all of these words
    python bench/prove/gains.py --next          # one row that is not there yet
    python bench/prove/gains.py --again         # other predictions beside the proofs that are there
    python bench/prove/gains.py --table         # only the table of what there is

Every row is appended to a file of JSON lines, and a row that is there is not measured again. A
change of the configuration is applied as it was proposed. Of an edit the proof is the bookshop
without the fault that the edit would take away: the same answers, better code.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project import EXAMPLES, Project, project

DEFAULT_FILE = Path("build/prove-gains.jsonl")
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


@contextlib.contextmanager
def shop(row: Row) -> Iterator[Project]:
    """The bookshop of a row, asked for what its fault is in."""
    with project(row.example) as made:
        name = "workload.toml" if row.fault == "none" else f"workloads/{row.fault}.toml"
        made.workload = EXAMPLES / name
        made.configure("base", faults=row.fault)
        yield made


def predicted_again(row: Row, found: dict[str, Any]) -> dict[str, Any]:
    """The row with a new prediction beside the proof that it has."""
    with shop(row) as made:
        change = proposed(made, row.lever)
    return found if change is None else found | {"change": change}


def measured(row: Row) -> dict[str, Any]:
    """One row: what was proposed and what its proof found; why, where there is neither."""
    with shop(row) as made:
        change = proposed(made, row.lever)
        if change is None:
            return {"row": str(row), "failed": "not proposed"}
        found = proven(made, row, change)
    ratio = found.get("capacity_ratio")
    if ratio is None:
        why = f"{found.get('verdict', 'failed')}: {found.get('why', found)}"
        return {"row": str(row), "change": change, "failed": why}
    return {"row": str(row), "change": change, "verdict": found["verdict"], "proven": ratio}


def near(found: dict[str, Any]) -> bool:
    """Whether what was predicted is near to what was proven."""
    predicted, gain = found["change"]["predicted_gain"], found["proven"]["value"]
    return max(predicted / gain, gain / predicted) <= WITHIN


def told(found: dict[str, Any]) -> str:
    """One row in a line."""
    if "failed" in found:
        return f"{found['row']} {found['failed']}"
    predicted, ratio = found["change"]["predicted_gain"], found["proven"]
    off = max(predicted / ratio["value"], ratio["value"] / predicted)
    span = f"({ratio['low']:.2f} to {ratio['high']:.2f})"
    return (
        f"{found['row']} predicted x {predicted:.2f} proven x {ratio['value']:.2f} {span} "
        f"{found['verdict']:<14} off {off:.2f} {'ok' if near(found) else 'MISS'}"
    )


def table(there: dict[str, dict[str, Any]]) -> None:
    """Every row that there is, and how many are near."""
    for row in ROWS:
        if str(row) in there:
            print(told(there[str(row)]))
    proofs = [found for found in there.values() if "failed" not in found]
    print(f"{sum(map(near, proofs))} of {len(proofs)} within {WITHIN}x")


def _proven(there: dict[str, dict[str, Any]], row: Row) -> bool:
    return "proven" in there.get(str(row), {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("words", nargs="*", help="all of them are in the rows to measure")
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE)
    parser.add_argument("--next", action="store_true", help="stop after one row")
    parser.add_argument("--again", action="store_true", help="predict again what is proven")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    there: dict[str, dict[str, Any]] = {}
    if args.file.exists():
        lines = map(json.loads, args.file.read_text().splitlines())
        there = {found["row"]: found for found in lines}
    asked = [row for row in ROWS if all(word in str(row) for word in args.words)]
    wanted = [] if args.table else [r for r in asked if args.again == _proven(there, r)]
    args.file.parent.mkdir(parents=True, exist_ok=True)
    for row in wanted[: 1 if args.next else None]:
        found = predicted_again(row, there[str(row)]) if args.again else measured(row)
        there[str(row)] = found
        with args.file.open("a") as file:
            file.write(json.dumps(found) + "\n")
        print(told(found), flush=True)
    table(there)


if __name__ == "__main__":
    main()
