"""How near does ``surefoot tune`` come to the best configuration found by hand?

    python bench/prove/tuned.py                 # both bookshops, about 25 minutes
    python bench/prove/tuned.py fastapi

One committed mix (examples/workload.toml), the faults that most shops are found with, SQLite. By
hand means that every configuration of the list is measured; the last row is what ``tune`` left,
with the faults that its printed edits name taken out as well.
"""

from __future__ import annotations

import sys
from typing import Any

from project import Project, project

FAULTS = "n-plus-one,unindexed-search"
SEARCH = "12"
BY_HAND: dict[str, tuple[dict[str, object], ...]] = {
    "flask": (
        {},
        {"threads": 2},
        {"threads": 16},
        {"replicas": 2},
        {"replicas": 2, "threads": 2},
        {"replicas": 2, "threads": 1},
        {"replicas": 3, "threads": 2},
        {"replicas": 2, "kind": "granian"},
        {"replicas": 2, "threads": 2, "gc_freeze": True},
    ),
    "fastapi": (
        {},
        {"replicas": 2},
        {"replicas": 3},
        {"replicas": 2, "kind": "granian"},
        {"replicas": 2, "gc_freeze": True},
    ),
}


def capacity(made: Project, faults: str, **server: object) -> tuple[float, float, float]:
    """Requests per second within the SLO, with its interval; zeros where it failed."""
    text = made.directory / made.configure("byhand", faults=faults, **server)
    (made.directory / "surefoot.toml").write_text(text.read_text())
    found = made.run("measure", "--seconds", SEARCH)
    if "capacity" not in found:
        print(f"  failed: {found.get('failed', found)}", flush=True)
        return 0.0, 0.0, 0.0
    told = found["capacity"]
    return told["rps"], told["low"], told["high"]


def row(name: str, figures: tuple[float, float, float]) -> None:
    """One line of the table."""
    rps, low, high = figures
    print(f"  {name:<58} {rps:>7.1f}/s ({low:.1f} to {high:.1f})", flush=True)


def shown(server: dict[str, object]) -> str:
    """A configuration in a line."""
    return ", ".join(f"{key} = {value}" for key, value in server.items()) or "defaults"


def tuned(made: Project) -> dict[str, Any]:
    """Let ``tune`` do it; its document."""
    text = made.directory / made.configure("surefoot", faults=FAULTS)
    text.write_text(text.read_text().replace("[server]\n[workload]", "[workload]"))
    return made.run("tune", "--minutes", "8")


def kept(found: dict[str, Any]) -> dict[str, object]:
    """The keys of [server] that it kept."""
    return {
        edit["key"].partition(".")[2]: edit["after"]
        for step in found["steps"]
        if step["kept"]
        for edit in step["edits"]
        if edit["key"].startswith("server.")
    }


def bookshop(example: str) -> None:
    """The table of one bookshop."""
    print(example)
    with project(example) as made:
        found = tuned(made)
        if "steps" not in found:
            print(f"  failed: {found}")
            return
        for step in found["steps"]:
            gain = step["proven_gain"] or 0.0
            print(
                f"  {step['lever']:<14} {step['where']:<22} predicted x "
                f"{step['predicted_gain']:.2f} proven x {gain:.2f} {step['verdict']}"
            )
        for edit in found["edits"]:
            print(f"  edit: {edit['lever']} at {edit['where']}, x {edit['predicted_gain']:.2f}")
        best = 0.0
        for server in BY_HAND[example]:
            figures = capacity(made, FAULTS, **server)
            row(f"by hand: {shown(server)}", figures)
            best = max(best, figures[0])
        mine = kept(found)
        left = capacity(made, FAULTS, **mine)
        row(f"tune: {shown(mine)}", left)
        row("tune, and its edits made", capacity(made, "none", **mine))
        print(f"  {left[0] / best if best else 0:.0%} of the best by hand; {found['stopped']}")


def main() -> None:
    for example in BY_HAND:
        if example in (sys.argv[1:] or BY_HAND):
            bookshop(example)


if __name__ == "__main__":
    main()
